// Floor core: the ground that everything else stands on.
#pragma once

#include <weft/core/bytes.hpp>
#include <weft/core/clock.hpp>
#include <weft/core/delay.hpp>
#include <weft/core/delayed_call.hpp>
#include <weft/core/error.hpp>
#include <weft/core/failure.hpp>
#include <weft/core/generator.hpp>
#include <weft/core/log.hpp>
#include <weft/core/log_observers.hpp>
#include <weft/core/mailbox.hpp>
#include <weft/core/manual_clock.hpp>
#include <weft/core/outcome.hpp>
#include <weft/core/reactor.hpp>
#include <weft/core/shutdown_hold.hpp>
#include <weft/core/thread_pool.hpp>
#include <weft/core/unique_function.hpp>
