// What can be wrong with a job's journal.
#pragma once

#include <weft/crawler/error.hpp>

#include <string>

namespace weft::crawler {

/// A job's folder cannot be used: it cannot be made or written, is of another spider or another version, or its feeds are not where they were. The text names the folder and
/// says what to do.
class JournalError : public Error {
 public:
  using Error::Error;
};

/// Another process works on this job.
class JobInUse : public JournalError {
 public:
  JobInUse(const std::string& folder, long pid);
  long pid;                                            ///< 0 when the holder did not say
};

/// The journal's file is not what it was when it was written.
class JournalDamaged : public JournalError {
 public:
  using JournalError::JournalError;
};

}  // namespace weft::crawler
