// weft completion and weft man: what the command line itself knows, for a shell and for a reader.
#include <weft/core/internal/suggest.hpp>
#include <weft/crawler/command/command.hpp>
#include <weft/crawler/command/print_out.hpp>
#include <weft/crawler/internal/command_line.hpp>
#include <weft/crawler/settings.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weft::crawler::command {

namespace {

// What stands behind an option, or in a place.
enum class Value { None, Any, File, Folder, Level, Setting, Spider, SpiderFile, Template, Shell, Command };

struct Word {
  std::vector<std::string> names;                      // "-o", "--output"; none: a place
  std::string value, description;                      // "FILE"
  Value kind = Value::None;
};

struct Command {
  std::string name, description, footer;
  std::vector<Word> options, places;
};

Value kindOf(const CLI::Option& option, const std::string& command) {
  const std::string& text = option.get_option_text();
  if (option.get_items_expected_max() == 0) return Value::None;
  if (command == "completion") return Value::Shell;
  if (command == "help") return Value::Command;
  if (command == "genspider" && text == "NAME" && !option.get_positional()) return Value::Template;
  if (option.check_name("-s")) return Value::Setting;
  if (text == "FILE.cpp") return Value::SpiderFile;
  if (text.find("SPIDER") != std::string::npos || text == "NAME or FILE.cpp") return Value::Spider;
  if (text == "FILE") return Value::File;
  if (text == "DIR" || text == "FOLDER") return Value::Folder;
  if (text == "LEVEL") return Value::Level;
  return Value::Any;
}

Command read(const CLI::App& app) {
  Command command{app.get_name(), app.get_description(), app.get_footer(), {}, {}};
  for (const CLI::Option* option : app.get_options()) {
    Word word;
    for (const std::string& name : option->get_snames()) word.names.push_back("-" + name);
    for (const std::string& name : option->get_lnames()) word.names.push_back("--" + name);
    word.value = option->get_items_expected_max() == 0 ? std::string() : option->get_option_text();
    word.description = option->get_description();
    word.kind = kindOf(*option, command.name);
    (option->get_positional() ? command.places : command.options).push_back(std::move(word));
  }
  return command;
}

std::vector<Command> commandsOf(const CLI::App& root) {
  std::vector<Command> commands;
  for (const CLI::App* app : root.get_subcommands([](const CLI::App*) { return true; })) commands.push_back(read(*app));
  std::sort(commands.begin(), commands.end(), [](const Command& a, const Command& b) { return a.name < b.name; });
  return commands;
}

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  std::string out;
  for (const std::string& word : words) out.append(out.empty() ? "" : between).append(word);
  return out;
}

std::vector<std::string> settingNames() {
  std::vector<std::string> names;
  for (const SettingInfo& setting : allSettings()) names.emplace_back(setting.name);
  return names;
}

constexpr const char* kLevels = "DEBUG INFO WARNING ERROR CRITICAL";

// The case of bash's script that answers for a value.
std::string_view bashValue(Value kind) {
  switch (kind) {
    case Value::File: return "_weft_files";
    case Value::Folder: return "_weft_folders";
    case Value::Level: return "_weft_words \"$levels\"";
    case Value::Setting: return "_weft_settings";
    case Value::Spider: return "_weft_words \"$(weft list 2>/dev/null)\"; _weft_spider_files";
    case Value::SpiderFile: return "_weft_spider_files";
    case Value::Template: return "_weft_words \"$(weft genspider --list | cut -d' ' -f1)\"";
    case Value::Shell: return "_weft_words 'bash zsh'";
    case Value::Command: return "_weft_words \"$commands\"";
    case Value::Any: return ":";
    case Value::None: break;
  }
  return {};
}

std::string bash(const std::vector<Command>& commands) {
  std::string names;
  for (const Command& command : commands) names += (names.empty() ? "" : " ") + command.name;
  std::string out =
      "# Completion of weft for bash. Made by `weft completion bash`.\n\n"
      "_weft_words() { COMPREPLY+=($(compgen -W \"$1\" -- \"$current\")); }\n"
      "_weft_files() { compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen -f -- \"$current\")); }\n"
      "_weft_folders() { compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen -d -- \"$current\")); }\n"
      "_weft_spider_files() { compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen -f -X '!*.@(cpp|cc|cxx|C)' -- \"$current\") $(compgen -d -- \"$current\")); }\n"
      "_weft_settings() { compopt -o nospace 2>/dev/null; COMPREPLY+=($(compgen -S = -W '" + joined(settingNames(), " ") + "' -- \"$current\")); }\n\n"
      "_weft() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}\n"
      "  local levels='" + std::string(kLevels) + "'\n"
      "  local commands='" + names + "'\n"
      "  shopt -q extglob || { shopt -s extglob; trap 'shopt -u extglob; trap - RETURN' RETURN; }\n"
      "  COMPREPLY=()\n"
      "  if ((COMP_CWORD == 1)); then\n"
      "    _weft_words \"$commands --help --version\"\n"
      "    return\n"
      "  fi\n"
      "  case $command in\n";
  for (const Command& command : commands) {
    std::string all, values, places;
    for (const Word& word : command.options) {
      all += (all.empty() ? "" : " ") + joined(word.names, " ");
      if (word.kind != Value::None) values += "        " + joined(word.names, "|") + ") " + std::string(bashValue(word.kind)) + "; return ;;\n";
    }
    for (const Word& word : command.places)
      if (word.kind != Value::Any) places += "        *) " + std::string(bashValue(word.kind)) + " ;;\n";
    out += "    " + command.name + ")\n";
    if (!values.empty()) out += "      case $previous in\n" + values + "      esac\n";
    out += "      case $current in\n        -*) _weft_words '" + all + "' ;;\n" + places.substr(0, places.find('\n') == std::string::npos ? 0 : places.find('\n') + 1) + "      esac ;;\n";
  }
  return out + "  esac\n}\ncomplete -F _weft weft\n";
}

// Within the brackets of an _arguments spec, which stands in single quotes.
std::string zshText(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '\'') out += "'\\''";
    else if (c == '[' || c == ']' || c == ':' || c == '\\') out += std::string("\\") + c;
    else out += c;
  }
  return out;
}

std::string zshValue(Value kind) {
  switch (kind) {
    case Value::File: return "_files";
    case Value::Folder: return "_files -/";
    case Value::Level: return "(" + std::string(kLevels) + ")";
    case Value::Setting: return "_weft_settings";
    case Value::Spider: return "_weft_spiders";
    case Value::SpiderFile: return "_files -g \"*.(cpp|cc|cxx|C)\"";
    case Value::Template: return "_weft_templates";
    case Value::Shell: return "(bash zsh)";
    case Value::Command: return "_weft_commands";
    case Value::Any:
    case Value::None: break;
  }
  return " ";
}

std::string zsh(const std::vector<Command>& commands) {
  std::string out =
      "#compdef weft\n# Completion of weft for zsh. Made by `weft completion zsh`.\n\n"
      "_weft_settings() { compadd -S = -- " + joined(settingNames(), " ") + " }\n"
      "_weft_spiders() { compadd -- ${(f)\"$(weft list 2>/dev/null)\"}; _files -g \"*.(cpp|cc|cxx|C)\" }\n"
      "_weft_templates() { compadd -- ${${(f)\"$(weft genspider --list)\"}%% *} }\n\n"
      "_weft_commands() {\n"
      "  local -a commands=(\n";
  for (const Command& command : commands) out += "    '" + command.name + ":" + zshText(command.description) + "'\n";
  out += "  )\n"
         "  _describe command commands\n"
         "}\n\n"
         "_weft() {\n"
         "  if ((CURRENT == 2)); then\n"
         "    _weft_commands\n"
         "    return\n"
         "  fi\n"
         "  local command=$words[2]\n"
         "  shift words\n"
         "  ((CURRENT--))\n"
         "  case $command in\n";
  for (const Command& command : commands) {
    out += "    " + command.name + ") _arguments -s";
    for (const Word& word : command.options)
      for (const std::string& name : word.names) {
        out += " \\\n      '*" + name + "[" + zshText(word.description) + "]";
        if (word.kind != Value::None) out += ":" + zshText(word.value) + ":" + zshValue(word.kind);
        out += "'";
      }
    for (const Word& word : command.places) out += " \\\n      ':" + zshText(word.value) + ":" + zshValue(word.kind) + "'";
    out += " ;;\n";
  }
  return out + "  esac\n}\n\n_weft \"$@\"\n";
}

// A text of troff: no line begins with a control character, and what is no plain character is written as one.
std::string roff(std::string_view text) {
  std::string out;
  bool begin = true;
  for (char c : text) {
    if (begin && (c == '.' || c == '\'')) out += "\\&";
    begin = c == '\n';
    if (c == '\\') out += "\\e";
    else if (c == '-') out += "\\-";
    else if (c == '\'') out += "\\(aq";
    else if (c == '`') out += "\\(ga";
    else if (c == '^') out += "\\(ha";
    else if (c == '~') out += "\\(ti";
    else out += c;
  }
  return out;
}

// Examples and notes as they stand in --help.
std::string roffNotes(std::string_view footer) {
  while (footer.starts_with('\n')) footer.remove_prefix(1);
  if (footer.empty()) return {};
  return ".PP\n.nf\n" + roff(footer) + "\n.fi\n";
}

std::string man(const CLI::App& root, const std::vector<Command>& commands) {
  std::string out = ".TH WEFT 1 \"\" \"weft " WEFT_VERSION "\" \"User Commands\"\n"
                    ".SH NAME\nweft \\- crawls the web, and fetches and serves what is on it\n"
                    ".SH SYNOPSIS\n.B weft\n.I COMMAND\n[\\fIOPTIONS\\fR]\n"
                    ".SH DESCRIPTION\n" + roff(root.get_description()) + "\n"
                    ".SH COMMANDS\n";
  for (const Command& command : commands) {
    out += ".SS weft " + command.name;
    for (const Word& word : command.places) out += " " + roff(word.value);
    out += "\n" + roff(command.description) + ".\n";
    for (const Word& word : command.options) {
      std::string names;
      for (const std::string& name : word.names) names += (names.empty() ? "\\fB" : ", \\fB") + roff(name) + "\\fR";
      out += ".TP\n" + names + (word.value.empty() ? "" : " \\fI" + roff(word.value) + "\\fR") + "\n" + roff(word.description) + "\n";
    }
    out += roffNotes(command.footer);
  }
  out += ".SH SETTINGS\nSet by \\fB\\-s\\fR, by weft.toml, by a spider, or in the environment as WEFT_NAME; \\fBweft settings\\fR shows their values.\n";
  for (const SettingInfo& setting : allSettings()) out += ".TP\n\\fB" + roff(setting.name) + "\\fR\n" + roff(setting.purpose) + "\n";
  out += ".SH ENVIRONMENT\n";
  for (const auto& [name, purpose] : std::initializer_list<std::pair<const char*, const char*>>{
           {"WEFT_NAME", "a setting, before those of weft.toml and the spider"},
           {"WEFT_CACHE", "the folder of compiled spiders (~/.cache/weft)"},
           {"CXX, CXXFLAGS", "the compiler of weft runspider, and its flags"},
           {"BROWSER", "what weft view opens pages with"},
       })
    out += ".TP\n\\fB" + roff(name) + "\\fR\n" + roff(purpose) + "\n";
  out += ".SH FILES\n.TP\n\\fIweft.toml\\fR\nsettings, in the working directory or in the nearest folder above it that has one\n";
  out += ".SH EXIT STATUS\n" + roff("0 complete, 1 could not start, 2 usage, 3 some pages failed, 4 nothing fetched, 5 stopped early; where a command has its own, they are said above.") + "\n";
  out += ".SH EXAMPLES\n" + roffNotes(root.get_footer());
  return out;
}

}  // namespace

void addCompletion(CLI::App& app, int& code) {
  auto shell = std::make_shared<std::string>();
  CommandLine completion(app, "completion", "Print a script that lets a shell complete weft's words");
  completion.option("shell", *shell, "Whose").text("bash or zsh").required();
  completion.notes(R"(
Examples:
  source <(weft completion bash)                        for this shell
  weft completion bash > ~/.local/share/bash-completion/completions/weft
  weft completion zsh > ~/.zfunc/_weft                  with fpath+=~/.zfunc before compinit

An installed weft has both in their places already.)");
  completion.run([&app, shell, &code] {
    if (*shell == "bash") code = printOut(bash(commandsOf(app)));
    else if (*shell == "zsh") code = printOut(zsh(commandsOf(app)));
    else {
      const std::string_view known[] = {"bash", "zsh"};
      code = complain("there is no completion for \"" + *shell + "\"" + suggestion(*shell, known) + "; there is one for bash and one for zsh", kUsage);
    }
  });

  CommandLine manual(app, "man", "Print the manual page");
  manual.notes(R"(
Examples:
  weft man | man -l -                                   to read it
  weft man > weft.1)");
  manual.run([&app, &code] { code = printOut(man(app, commandsOf(app))); });
}

}  // namespace weft::crawler::command
