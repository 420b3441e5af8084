// SPDX-License-Identifier: Apache-2.0
// The main of a bot's program.
#include "bot/program.hpp"

int main(int argc, char** argv) { return intelmq::run_program(intelmq::this_bot(), argc, argv); }
