// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"

#include <array>
#include <catch2/catch.hpp>

using namespace intelmq;

TEST_CASE("text: edit distance counts swaps once") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("drop", "dorp") == 1);
  CHECK(edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("text: nearest suggests only what is close") {
  constexpr std::array<std::string_view, 3> words{"drop", "keep", "source.asn"};
  CHECK(nearest("dorp", words) == "drop");
  CHECK(nearest("KEEP", words) == "keep");
  CHECK(nearest("source.asnn", words) == "source.asn");
  CHECK(nearest("elephant", words).empty());
  CHECK(nearest("x", words).empty());
  CHECK(nearest("", words).empty());
  CHECK(nearest(std::string(1'000'000, 'a'), words).empty());
  const std::vector<std::string> options{"--batch-wait", "--batch-size"};
  CHECK(nearest("--batch_wait", options) == "--batch-wait");
}

TEST_CASE("text: shell words") {
  using Words = std::vector<std::string>;
  CHECK(split_shell("")->empty());
  CHECK(*split_shell(R"(  a 'b c'"d $x \" \n" e\ f '' )") ==
        Words{"a", R"(b cd $x " \n)", "e f", ""});
  CHECK(*split_shell("a\\\nb \"c\\\nd\" 'it'\\''s'") == Words{"ab", "cd", "it's"});
  CHECK(*split_shell("#no comment $(x)") == Words{"#no", "comment", "$(x)"});
  CHECK_FALSE(split_shell("'open"));
  CHECK_FALSE(split_shell("\"open"));
  CHECK_FALSE(split_shell("\"open\\"));
  CHECK_FALSE(split_shell("end\\"));
}

TEST_CASE("text: shell quoting reads back as itself") {
  for (const std::string word :
       {"plain", "", "a b", "it's", "$x`y`", "\\", "\"", "a\nb", "*", "é"}) {
    const auto words = split_shell(quote_shell(word));
    REQUIRE(words);
    CHECK(*words == std::vector<std::string>{word});
  }
  CHECK(quote_shell("plain.json") == "plain.json");
}

TEST_CASE("text: trim and split") {
  CHECK(trim(" \t a b\r\n") == "a b");
  CHECK(trim(" \n").empty());
  CHECK(split("a,,b,", ',') == std::vector<std::string_view>{"a", "", "b", ""});
  CHECK(split("", ',').size() == 1);
  CHECK(split_names(" a , ,b,") == std::vector<std::string>{"a", "b"});
  CHECK(split_names(" , ").empty());
}

TEST_CASE("text: values in messages cannot steer a terminal") {
  CHECK(quote_for_message("a\x1b[31m\n\t\x7f") == "'a\\x1b[31m\\x0a\\x09\\x7f'");
  CHECK(quote_for_message("\xc2\x9b"
                          "31m") == "'\\xc2\\x9b31m'");
  CHECK(quote_for_message("\xe2\x80"
                          "\xae") == "'\\xe2\\x80\\xae'");
  CHECK(quote_for_message("\xff\xc3") == "'\\xff\\xc3'");
  CHECK(quote_for_message("gr\xc3\xbc\xc3\x9f") == "'gr\xc3\xbc\xc3\x9f'");
  CHECK(quote_for_message(std::string(120, 'x')) == "'" + std::string(120, 'x') + "'");
  CHECK(quote_for_message(std::string(121, 'x')) == "'" + std::string(120, 'x') + "...'");
}

TEST_CASE("text: utf-8") {
  CHECK(utf8_size("\xed\xa0\x80", 0) == 0);
  CHECK(utf8_size("\xc0\x80", 0) == 0);
  CHECK(utf8_size("\xf4\x90\x80\x80", 0) == 0);
  CHECK(utf8_size("\xf0\x9f\x98\x80", 0) == 4);
  CHECK(utf8_size("\xe2\x82", 0) == 0);
  CHECK(count_characters("\xc3\xa9\xff"
                         "a") == 3);
}

TEST_CASE("text: wrap") {
  using Lines = std::vector<std::string>;
  CHECK(wrap("", 10).empty());
  CHECK(wrap("one two three", 7) == Lines{"one two", "three"});
  CHECK(wrap("a verylongword b", 4) == Lines{"a", "verylongword", "b"});
  CHECK(wrap("a\n\nb", 10) == Lines{"a", "", "b"});
  CHECK(wrap("\xc3\xa9\xc3\xa9 \xc3\xa9", 4) == Lines{"\xc3\xa9\xc3\xa9 \xc3\xa9"});
}

TEST_CASE("text: passwords of URLs are hidden") {
  const auto hidden = [](std::string text) {
    hide_passwords(text.data(), text.size());
    return text;
  };
  CHECK(hidden("redis://:secret@host:1/2/q") == "redis://:******@host:1/2/q");
  CHECK(hidden("redis://secret@host/2/q") == "redis://******@host/2/q");
  CHECK(hidden("a=amqp://me:secret%40@host/q?x=1") == "a=amqp://me:*********@host/q?x=1");
  CHECK(hidden(R"(["redis://:s@h/0/a", "x=redis://:t@h/0/b"])") ==
        R"(["redis://:*@h/0/a", "x=redis://:*@h/0/b"])");
  CHECK(hidden("redis+unix:/s?password=secret&db=1") == "redis+unix:/s?password=******&db=1");
  CHECK(hidden("redis+unix:/s?password=secret") == "redis+unix:/s?password=******");
  for (const char* plain : {"", "http://host/a@b", "me@host", "http://host", "://", "password"})
    CHECK(hidden(plain) == plain);
}
