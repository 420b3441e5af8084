// SPDX-License-Identifier: Apache-2.0
// intelmq-serve: bots with a control surface.
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>

#include "base/file.hpp"
#include "bot/exit_code.hpp"
#include "bot/program.hpp"
#include "serve/application.hpp"

namespace {

using namespace intelmq;

int print(std::string text) {
  if (!text.ends_with('\n')) text += '\n';
  return write_all(STDOUT_FILENO, text) ? 0 : static_cast<int>(ExitCode::io_error);
}

}  // namespace

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const LogForm form = isatty(STDERR_FILENO) ? LogForm::text : LogForm::json;
  Log log(STDERR_FILENO, "intelmq-serve", LogLevel::info, form);
  try {
    serve::Application application(arguments, log);
    if (const auto text = application.inspect()) return print(*text);
    return application.run();
  } catch (const StartError& error) {
    log.error(error.what());
    return static_cast<int>(error.code());
  } catch (const std::exception& error) {
    log.error(error.what());
    return static_cast<int>(ExitCode::internal);
  }
}
