// Spiders' files, compiled for a test.
#pragma once

#include "crawler/command/weft_command.hpp"

#include <filesystem>

// What a spider has to be compiled with, to go with this build of weft.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WEFT_SPIDER_FLAGS "-fsanitize=thread"
#elif __has_feature(address_sanitizer)
#define WEFT_SPIDER_FLAGS "-fsanitize=address,undefined"
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define WEFT_SPIDER_FLAGS "-fsanitize=address,undefined"
#elif defined(__SANITIZE_THREAD__)
#define WEFT_SPIDER_FLAGS "-fsanitize=thread"
#endif
#ifndef WEFT_SPIDER_FLAGS
#define WEFT_SPIDER_FLAGS ""
#endif

// A cache of its own, and a compiler that counts how often it is run.
struct Workshop {
  Workshop() {
    write(folder / "c++", "#!/bin/sh\necho run >> '" + folder / "runs" + "'\nexec " WEFT_CXX " \"$@\"\n");
    std::filesystem::permissions(folder / "c++", std::filesystem::perms::owner_all);
  }
  ProgramRun weft(const std::string& arguments) const { return with("", arguments); }
  ProgramRun with(const std::string& variables, const std::string& arguments) const {
    return runProgram("cd '" + std::string(folder.path) + "' && WEFT_CACHE='" + folder / "cache" + "' CXX='" + folder / "c++" + "' CXXFLAGS='" WEFT_SPIDER_FLAGS "' " + variables + " '" + kWeft + "' " + arguments);
  }
  std::size_t compilerRuns() const { return lines(contentOf(folder / "runs")); }
  Folder folder;
};
