// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include <filesystem>
#include <map>

#include "bot/bot.hpp"
#include "event/export.hpp"
#include "format/file_name.hpp"
#include "format/half_surrogates.hpp"
#include "queue/append_file.hpp"
#include "type/base64.hpp"

namespace intelmq {
namespace {

struct Params {
  std::string file = "/opt/intelmq/var/lib/bots/file-output/events.txt";
  bool format_filename = false;
  bool hierarchical_output = false;
  bool keep_raw_field = false;
  bool message_with_type = false;
  bool message_jsondict_as_string = false;
  std::optional<std::string> single_key;
  EncodingErrors encoding_errors_mode = EncodingErrors::strict;
};

const Spec<Params> spec{
    .name = "file",
    .summary = "Append events to a file, one JSON object a line.",
    .details =
        "Keys are sorted. Only whole lines are ever in the file: what a crash or a full disk left "
        "of a line is moved to FILE.torn at the next start. The directory is made if it is not "
        "there.",
    .params = {param<&Params::file>("file", "The file."),
               param<&Params::format_filename>(
                   "format_filename",
                   "Take --file as a template with fields of the event, such as "
                   "{event[feed.code]} or {event[time.source]:%Y-%m-%d}."),
               param<&Params::hierarchical_output>("hierarchical_output",
                                                   "Nest the keys at their dots."),
               param<&Params::keep_raw_field>("keep_raw_field", "Write the field raw too."),
               param<&Params::message_with_type>("message_with_type", "Write __type too."),
               param<&Params::message_jsondict_as_string>(
                   "message_jsondict_as_string",
                   "Taken for IntelMQ's sake; has no effect there either."),
               param<&Params::single_key>("single_key",
                                          "Write the value of this field alone; raw is "
                                          "decoded."),
               param<&Params::encoding_errors_mode>(
                   "encoding_errors_mode", "What to do with text that UTF-8 cannot carry.")},
    .examples = {{.about = "Write to a file",
                  .args = "--file /dev/null",
                  .input = R"({"source.ip":"192.0.2.1","raw":"YQ=="})",
                  .output = ""},
                 {.about = "Nested keys",
                  .args = "--file /dev/null --hierarchical-output",
                  .input = R"({"source.ip":"192.0.2.1","source.port":80})",
                  .output = ""},
                 {.about = "Hostile: keys that cannot both be nested",
                  .args = "--file /dev/null --hierarchical-output",
                  .input = R"({"extra.a":1,"extra.a.b":2})",
                  .output = "",
                  .failed = "cannot both be nested"}},
    .scaling = Scaling::singleton,
};

class FileOutput {
 public:
  FileOutput(const Params& params, const Context& context)
      : params_{params}, name_{must(FileName::compile(params.file, params.format_filename))} {
    form_.hierarchical = params.hierarchical_output;
    form_.with_type = params.message_with_type;
    if (params.single_key && *params.single_key != "false") {
      auto key = context.rules.harmonization.name(*params.single_key);
      if (!key) throw StartError("--single-key: " + key.error().text);
      single_key_ = std::move(*key);
    }
    if (!params.format_filename && !context.checking)
      must(file(params.file), ExitCode::cannot_create);
  }

  Result<void> write(Batch batch) {
    if (!pending_.empty()) return write_pending();  // the same batch again after a failure
    for (Event* event : batch) {
      line_.clear();
      if (!render(*event)) continue;
      line_ += '\n';
      const auto name = name_.of(*event);
      if (!name) {
        event->reject(name.error().text);
        continue;
      }
      pending_[*name] += line_;
    }
    return write_pending();
  }

 private:
  /// A file that fails keeps its lines for the next try.
  Result<void> write_pending() {
    for (auto it = pending_.begin(); it != pending_.end(); it = pending_.erase(it)) {
      const auto out = file(it->first);
      if (!out) return tl::unexpected(out.error());
      if (auto done = (*out)->append(it->second); !done) return tl::unexpected(done.error());
    }
    return {};
  }

  Result<AppendFile*> file(const std::string& path) {
    if (const auto found = files_.find(path); found != files_.end()) return &found->second;
    constexpr std::size_t most_files = 64;
    if (files_.size() >= most_files) files_.clear();
    std::error_code ignored;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
    auto opened = AppendFile::open(path);
    if (!opened) return tl::unexpected(opened.error());
    return &files_.emplace(path, std::move(*opened)).first->second;
  }

  bool render(Event& event) {
    if (single_key_) return render_key(event);
    if (!params_.keep_raw_field) event.remove(field::raw);
    if (auto done = append_sorted(line_, event, form_); !done) {
      event.reject(done.error().text);
      return false;
    }
    return fit(event);
  }

  bool render_key(Event& event) {
    if (*single_key_ == FieldName(field::raw)) {
      const auto raw = event[field::raw];
      const auto bytes = raw ? decode_base64(*raw) : std::nullopt;
      line_ += bytes ? *bytes : "None";
    } else {
      const auto text = event.text_value(*single_key_);
      line_ += text ? *text : "None";
    }
    return event.verdict() == Verdict::keep && fit(event);
  }

  bool fit(Event& event) {
    if (fit_half_surrogates(line_, params_.encoding_errors_mode)) return true;
    event.reject(
        "half a surrogate pair, which UTF-8 cannot carry; --encoding-errors-mode says "
        "what to write instead");
    return false;
  }

  Params params_;
  FileName name_;
  ExportForm form_;
  std::optional<FieldName> single_key_;
  std::map<std::string, AppendFile> files_;
  std::map<std::string, std::string> pending_;
  std::string line_;
};

}  // namespace

const Bot& this_bot() { return define<FileOutput>(spec); }

}  // namespace intelmq
