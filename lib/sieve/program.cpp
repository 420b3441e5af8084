// SPDX-License-Identifier: Apache-2.0
#include "sieve/program.hpp"

#include <algorithm>

#include "sieve/evaluation.hpp"

namespace intelmq::sieve {

void Program::run(Event& event) { run(event, nullptr); }

void Program::run(Event& event, std::vector<std::string_view>& ran) { run(event, &ran); }

void Program::run(Event& event, std::vector<std::string_view>* ran) {
  std::fill(values_.begin(), values_.end(), std::nullopt);
  Evaluation evaluation(
      event, code_,
      {values_, variables_, keys_, key_numbers_, scratch_, other_scratch_, have_, wanted_, ran});
  evaluation.run();
  evaluation.finish();
}

}  // namespace intelmq::sieve
