// Floor defer: results that are not there yet.
#pragma once

#include <weft/defer/as_completed.hpp>
#include <weft/defer/async_generator.hpp>
#include <weft/defer/context.hpp>
#include <weft/defer/cooperator.hpp>
#include <weft/defer/cooperator_service.hpp>
#include <weft/defer/defer_later.hpp>
#include <weft/defer/deferred.hpp>
#include <weft/defer/deferred_queue.hpp>
#include <weft/defer/deferred_semaphore.hpp>
#include <weft/defer/filesystem_lock.hpp>
#include <weft/defer/gather.hpp>
#include <weft/defer/inline_callbacks.hpp>
#include <weft/defer/looping_call.hpp>
#include <weft/defer/react.hpp>
#include <weft/defer/service.hpp>
#include <weft/defer/shared_deferred.hpp>
#include <weft/defer/task_group.hpp>
#include <weft/defer/threads.hpp>
#include <weft/defer/timer_service.hpp>
