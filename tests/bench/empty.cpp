// SPDX-License-Identifier: Apache-2.0
// What any dynamically linked C++ program costs: the yardstick for start-up.
#include <string>

int main(int argc, char** argv) { return std::string(argv[argc - 1]).empty() ? 1 : 0; }
