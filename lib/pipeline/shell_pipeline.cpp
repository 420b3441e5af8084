// SPDX-License-Identifier: Apache-2.0
#include "pipeline/shell_pipeline.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace intelmq {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/// Where a redirection leads.
enum class Stream { none, input, output, errors };

/// Cuts the text into commands and words; quoting is left to split_shell.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_{text} {}

  Result<std::vector<ShellStage>> read() {
    while (at_ < text_.size() && problem_.empty()) step();
    if (problem_.empty()) end_word();
    if (problem_.empty() && (!current_empty() || piped_)) end_stage();
    if (!problem_.empty()) return fail(problem_);
    return std::move(stages_);
  }

 private:
  void step() {
    const char c = text_[at_];
    if (c == '\\' && text_.substr(at_ + 1, 1) == "\n") {
      at_ += 2;
    } else if (c == '\\' || c == '\'' || c == '"') {
      quoted(c);
    } else if (c == '#' && word_.empty()) {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (is_blank(c)) {
      ++at_;
      end_word();
    } else if (c == '\n') {
      line_end();
    } else if (c == '|') {
      bar();
    } else if (c == '<' || c == '>') {
      redirection(c);
    } else if (std::string_view(";&()`").find(c) != std::string_view::npos) {
      refuse(c);
    } else {
      plain(c);
    }
  }

  void plain(char c) {
    if (over_) problem_ = "several commands: write one pipeline, its stages separated by |";
    if (c == '$') stage_.expands = true;
    word_ += c;
    ++at_;
  }

  void quoted(char quote) {
    if (over_) return plain(quote);
    const std::size_t begin = at_++;
    if (quote == '\\') {
      at_ = std::min(at_ + 1, text_.size());
    } else {
      while (at_ < text_.size() && text_[at_] != quote) {
        if (quote == '"' && text_[at_] == '$') stage_.expands = true;
        at_ += quote == '"' && text_[at_] == '\\' ? 2 : 1;
      }
      at_ = std::min(at_ + 1, text_.size());
    }
    word_ += text_.substr(begin, at_ - begin);
  }

  void line_end() {
    ++at_;
    end_word();
    if (!current_empty()) {
      end_stage();
      over_ = true;
    }
  }

  void bar() {
    end_word();
    const bool twice = text_.substr(at_ + 1, 1) == "|";
    if (twice) return refuse('|');
    if (over_ || current_empty()) {
      problem_ = stages_.empty()
                     ? "nothing stands before the first |"
                     : fmt::format("nothing stands between | and | after stage {}", stages_.size());
      return;
    }
    end_stage();
    piped_ = true;
    ++at_;
    if (text_.substr(at_, 1) == "&") ++at_;
  }

  void redirection(char c) {
    std::string_view fd = word_;
    const bool numbered = !fd.empty() && fd.find_first_not_of("0123456789") == fd.npos;
    if (!numbered) end_word();
    target_ = c == '<' ? Stream::input : Stream::output;
    if (numbered && fd != (c == '<' ? "0" : "1")) target_ = Stream::errors;
    word_.clear();
    ++at_;
    const std::string_view next = text_.substr(at_, 1);
    if (c == '<' && (next == "<" || next == "(" || next == ">"))
      problem_ = fmt::format("<{} is not understood: write < FILE", next);
    if (c == '>' && next == "(") problem_ = ">( is not understood: write > FILE";
    if (c == '>' && (next == ">" || next == "|")) ++at_;
    if (next == "&") duplicate();
  }

  // 2>&1 and the like: no file is named.
  void duplicate() {
    at_ = std::min(text_.find_first_not_of("0123456789-", at_ + 1), text_.size());
    target_ = Stream::none;
  }

  void refuse(char c) {
    problem_ = fmt::format("{} is not understood: write one pipeline, its stages separated by |",
                           quote_for_message(std::string_view(&c, 1)));
  }

  void end_word() {
    if (word_.empty()) return;
    auto words = split_shell(word_);
    word_.clear();
    if (!words) {
      problem_ = words.error().text;
      return;
    }
    for (std::string& word : *words) take(std::move(word));
  }

  void take(std::string word) {
    const bool before = stage_.words.empty() && is_assignment(word);
    switch (std::exchange(target_, Stream::none)) {
      case Stream::input: stage_.input = std::move(word); return;
      case Stream::output: stage_.output = std::move(word); return;
      case Stream::errors: return;
      case Stream::none: (before ? stage_.environment : stage_.words).push_back(std::move(word));
    }
  }

  static bool is_assignment(std::string_view word) {
    constexpr std::string_view letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
    const std::size_t equals = word.find('=');
    return equals != word.npos && equals > 0 && !(word[0] >= '0' && word[0] <= '9') &&
           word.substr(0, equals).find_first_not_of(letters) == word.npos;
  }

  bool current_empty() const {
    return stage_.words.empty() && stage_.environment.empty() && stage_.input.empty() &&
           stage_.output.empty();
  }

  void end_stage() {
    if (target_ != Stream::none)
      problem_ = "a redirection names no file";
    else if (current_empty())
      problem_ = fmt::format("nothing stands behind the | after stage {}", stages_.size());
    else if (stage_.words.empty())
      problem_ = fmt::format("stage {} names no program", stages_.size() + 1);
    stages_.push_back(std::exchange(stage_, {}));
    piped_ = false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string word_;
  ShellStage stage_;
  Stream target_ = Stream::none;
  bool piped_ = false;  ///< A | waits for its command.
  bool over_ = false;   ///< The pipeline ended at a line end.
  std::string problem_;
  std::vector<ShellStage> stages_;
};

}  // namespace

Result<std::vector<ShellStage>> parse_shell_pipeline(std::string_view text) {
  return Scanner(text).read();
}

}  // namespace intelmq
