#include <weft/crawler/command/line_editor.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include <sys/stat.h>
#include <sys/time.h>

#ifdef WEFT_HAVE_LIBEDIT
#include <editline/readline.h>
#endif

namespace weft::crawler::command {

namespace {

volatile std::sig_atomic_t interrupted = 0;

// Sends SIGALRM so often; 0 ends it.
void alarmEvery(long microseconds) noexcept {
  const itimerval every{{0, microseconds}, {0, microseconds}};
  ::setitimer(ITIMER_REAL, &every, nullptr);
}

// While a line is read, SIGINT only interrupts it. One that comes between two reads would be noticed at the next key: so the reads behind it are interrupted again and again.
class Interrupts {
 public:
  Interrupts() {
    struct sigaction action {};                        // without SA_RESTART
    action.sa_handler = [](int) {};
    ::sigaction(SIGALRM, &action, &alarmBefore_);
    action.sa_handler = [](int) {
      interrupted = 1;
      alarmEvery(20'000);
    };
    ::sigaction(SIGINT, &action, &before_);
    interrupted = 0;
  }
  ~Interrupts() {
    ::sigaction(SIGINT, &before_, nullptr);
    alarmEvery(0);
    ::sigaction(SIGALRM, &alarmBefore_, nullptr);
  }

 private:
  struct sigaction before_ {}, alarmBefore_ {};
};

#ifdef WEFT_HAVE_LIBEDIT
std::vector<std::string> words;
std::string history;

char* nextWord(const char* begin, int again) {
  static std::size_t at;
  if (!again) at = 0;
  while (at < words.size())
    if (const std::string& word = words[at++]; word.starts_with(begin)) return ::strdup(word.c_str());
  return nullptr;
}

char** complete(const char* begin, int start, int) {
  rl_attempted_completion_over = 1;                    // no names of files
  return start == 0 ? rl_completion_matches(begin, nextWord) : nullptr;
}
#endif

}  // namespace

#ifdef WEFT_HAVE_LIBEDIT

LineEditor::LineEditor(std::vector<std::string> known, std::string historyFile) {
  words = std::move(known);
  history = std::move(historyFile);
  rl_attempted_completion_function = complete;
  using_history();
  stifle_history(1000);
  if (!history.empty()) read_history(history.c_str());
}

LineEditor::~LineEditor() {
  if (history.empty()) return;
  const mode_t mask = ::umask(077);                    // what was typed is nobody else's
  write_history(history.c_str());
  ::umask(mask);
}

std::optional<std::string> LineEditor::read(const char* prompt) {
  const Interrupts interrupts;
  char* const typed = ::readline(prompt);
  if (!typed && interrupted) {
    std::fputc('\n', stdout);
    return std::string();
  }
  if (!typed) return std::nullopt;
  std::string line(typed);
  std::free(typed);
  if (interrupted) return std::string();
  if (!line.empty()) add_history(line.c_str());
  return line;
}

#else

LineEditor::LineEditor(std::vector<std::string>, std::string) {}
LineEditor::~LineEditor() = default;

std::optional<std::string> LineEditor::read(const char* prompt) {
  const Interrupts interrupts;
  std::fputs(prompt, stdout);
  std::fflush(stdout);
  std::string line;
  for (int c; (c = std::fgetc(stdin)) != '\n'; line += static_cast<char>(c)) {
    if (c != EOF) continue;
    std::clearerr(stdin);
    if (!interrupted) return line.empty() ? std::nullopt : std::optional(line);
    std::fputc('\n', stdout);
    return std::string();
  }
  return line;
}

#endif

std::string stateFile(const std::string& name) {
  const char* const state = std::getenv("XDG_STATE_HOME");
  const char* const home = std::getenv("HOME");
  std::string folder;
  if (state && *state == '/') folder = std::string(state) + "/weft";
  else if (home && *home == '/') folder = std::string(home) + "/.local/state/weft";
  else return {};
  std::error_code trouble;
  std::filesystem::create_directories(folder, trouble);
  return trouble ? std::string() : folder + "/" + name;
}

}  // namespace weft::crawler::command
