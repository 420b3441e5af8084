// SPDX-License-Identifier: Apache-2.0
#include "type/secret.hpp"

#include <catch2/catch.hpp>
#include <ostream>
#include <string>
#include <type_traits>

using namespace intelmq;

namespace {

template <class T>
concept Streamable = requires(std::ostream& out, const T& value) {
  out << value;
};

}  // namespace

TEST_CASE("a Secret is seen through reveal() only") {
  static_assert(Streamable<std::string>);
  static_assert(!Streamable<Secret>);
  static_assert(!std::is_convertible_v<Secret, std::string>);
  static_assert(!std::is_convertible_v<Secret, std::string_view>);
  static_assert(!std::is_convertible_v<std::string, Secret>);
  const Secret secret{"s3cret"};
  CHECK(secret.reveal() == "s3cret");
  CHECK_FALSE(secret.empty());
  CHECK(Secret{}.empty());
}

TEST_CASE("a moved-from Secret holds nothing") {
  for (const std::size_t size : {3U, 300U}) {
    Secret from{std::string(size, 'x')};
    const char* place = from.reveal().data();
    Secret to{std::move(from)};
    CHECK(to.reveal() == std::string(size, 'x'));
    CHECK(from.empty());  // NOLINT(bugprone-use-after-move): that is what it is about
    if (size == 3U) CHECK(place[0] == '\0');
    Secret other{"other"};
    other = std::move(to);
    CHECK(other.reveal().size() == size);
    CHECK(to.empty());  // NOLINT(bugprone-use-after-move)
  }
}

TEST_CASE("Secrets are copied and compared") {
  Secret one{"abc"};
  const Secret two = one;
  CHECK((one == two));
  CHECK_FALSE((one == Secret{"abd"}));
  CHECK_FALSE((one == Secret{"ab"}));
  const Secret& same = one;
  one = same;
  CHECK(one.reveal() == "abc");
  one = Secret{};
  CHECK(one.empty());
  CHECK(two.reveal() == "abc");
}
