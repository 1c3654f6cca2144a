// The samples that retell the documents behind weft print what they promise.
#include "support/run_program.hpp"

#include <doctest/doctest.h>

#include <cstdio>
#include <string>

namespace {

ProgramRun sample(const std::string& line) { return runProgram(std::string(SAMPLES_FOLDER) + '/' + line); }

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
constexpr bool kSanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool kSanitized = false;
#endif

}  // namespace

TEST_CASE("every sample explains itself with --help and refuses an option that it does not have") {
  for (const char* name : {"context_manager", "final_lock", "futures", "generators", "memory_vault", "say_after", "spiders_web", "tls_echo", "waiting_room"}) {
    CAPTURE(name);
    const ProgramRun help = sample(std::string(name) + " --help");
    CHECK(help.status == 0);
    CHECK(help.output.starts_with(name));
    const ProgramRun wrong = sample(std::string(name) + " --no-such-thing");
    CHECK(wrong.status == 2);
    CHECK(wrong.output.starts_with("there is no option --no-such-thing"));
  }
}

TEST_CASE("memory_vault: a generator over five million names needs less than one megabyte, all of them at once more than a hundred") {
  const ProgramRun run = sample("memory_vault");
  REQUIRE(run.status == 0);
  long lazyCherries = 0, lazyGrowth = -1, eagerCherries = 0, eagerGrowth = -1;
  REQUIRE(std::sscanf(run.output.c_str(), "lazily: %ld cherries, peak memory grew by %ld kB\nall first: %ld cherries, peak memory grew by %ld kB",
                      &lazyCherries, &lazyGrowth, &eagerCherries, &eagerGrowth) == 4);
  CHECK(lazyCherries == 625'000);
  CHECK(eagerCherries == 625'000);
  CHECK(eagerGrowth > 100 * 1024);
  if (!kSanitized) CHECK(lazyGrowth < 1024);           // a sanitizer keeps freed memory
}

TEST_CASE("waiting_room: in turn takes the sum of the waits, together the longest") {
  const ProgramRun run = sample("waiting_room --virtual");
  CHECK(run.status == 0);
  CHECK(run.output ==
        " 3.0 s  Alice answers\n 4.0 s  Bob answers\n 6.0 s  Carol answers\nin turn: 6.0 s\n"
        " 3.0 s  Alice answers\n 3.0 s  Bob answers\n 3.0 s  Carol answers\ntogether: 3.0 s\n");
}

TEST_CASE("spiders_web: an async generator answers each letter as it comes") {
  const ProgramRun run = sample("spiders_web --virtual");
  CHECK(run.status == 0);
  CHECK(run.output ==
        "collecting all first:\n 3.0 s  answered Alice\n 3.0 s  answered Bob\n 3.0 s  answered Carol\n"
        "answering each as it comes:\n 1.0 s  answered Bob\n 2.0 s  answered Carol\n 3.0 s  answered Alice\n");
}

TEST_CASE("say_after: one after the other, at the same time, and cancelled") {
  const ProgramRun run = sample("say_after --virtual");
  CHECK(run.status == 0);
  CHECK(run.output ==
        "one after the other:\n 1.0 s  hello\n 3.0 s  world\nat the same time:\n 4.0 s  hello\n 5.0 s  world\n"
        "cancelled:\n 6.0 s  cancelled\n");
}

TEST_CASE("generators: from a countdown to actors that exchange a hundred thousand messages") {
  const ProgramRun run = sample("generators");
  CHECK(run.status == 0);
  CHECK(run.output ==
        "countdown:\n  3\n  2\n  1\n"
        "fibonacci below 50:\n  0\n  1\n  1\n  2\n  3\n  5\n  8\n  13\n  21\n  34\n"
        "receiver:\n  got a letter\n  got a parcel\n  2 received\n"
        "times2:\n  42 8\n"
        "throw and close:\n  caught inside: thrown in\n  goes on with 2\n  cleaned up\n  closed: yes\n"
        "yield from:\n  1\n  2\n  internal returned 2 values\n  1\n  2\n  3\n  internal returned 3 values\n"
        "  1001 values through up to 1000 levels\n"
        "task scheduler:\n  odd 1\n  even 0\n  odd 3\n  even 2\n  odd 5\n  even 4\n  a task has ended\n  even 6\n  a task has ended\n"
        "actors:\n  printer got 3\n  printer got 2\n  printer got 1\n  100000 messages printed\n");
}

TEST_CASE("context_manager: the directory goes on success and on an error") {
  const ProgramRun run = sample("context_manager");
  CHECK(run.status == 0);
  CHECK(run.output ==
        "made a directory\ninside: it exists: yes\nremoved it\nafter success it exists: no\n"
        "made a directory\nremoved it\ncaught: something went wrong inside\nafter the error it exists: no\n");
}

TEST_CASE("futures: callbacks, an exception, a task made of a generator, tasks that start each other, another process") {
  const ProgramRun run = sample("futures --ticks 2000");
  CHECK(run.status == 0);
  CHECK(run.output ==
        "callback: 2 + 3 = 5\nerrback: the pool's work failed\n"
        "task: 2 + 3 = 5\ntask: caught \"the pool's work failed\"\ntask: and 4 = 9\n"
        "recursive: 2000 ticks, the stack did not grow\nanother process: fibonacci(20) = 6765\n");
}

TEST_CASE("final_lock: five workers on one DeferredQueue fetch every page once, over HTTP") {
  const ProgramRun run = sample("final_lock --pages 40");
  CHECK(run.status == 0);
  CHECK(run.output.starts_with("40 pages by 5 workers\n"));
  for (int page = 1; page <= 40; ++page) {
    const std::string line = "\npage/" + std::to_string(page) + ": you asked for /page/" + std::to_string(page) + "\n";
    const auto at = run.output.find(line);
    CHECK(at != std::string::npos);
    CHECK(run.output.find(line, at + 1) == std::string::npos);
  }
}

TEST_CASE("final_lock: a site that refuses connections is an error that names it") {
  const ProgramRun run = sample("final_lock --url http://127.0.0.1:1/");
  CHECK(run.status == 1);
  CHECK(run.output.find("connecting to 127.0.0.1:1: connection refused") != std::string::npos);
}

TEST_CASE("tls_echo: a server proves to be localhost by an authority of its own, and nobody else") {
  const ProgramRun run = sample("tls_echo");
  CHECK(run.status == 0);
  CHECK(run.output ==
        "TLS 1.3 with localhost, vouched for by CN=an authority of our own\n"
        "echoed: hello over TLS\n"
        "refused: the certificate of example.com (CN=localhost, issued by CN=an authority of our own) is refused: it is for localhost, 127.0.0.1; "
        "connect by one of its names, or get one for this name\n");
}
