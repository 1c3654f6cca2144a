#include <weft/http/forms/form.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace weft::http;

TEST_CASE("a form is written as browsers write it") {
  CHECK(Form{{"user", "me"}, {"password", "a b&c=d+e"}, {"", ""}, {"\u00FC", "*-._~"}}.toString() == "user=me&password=a+b%26c%3Dd%2Be&=&%C3%BC=*-._%7E");
  CHECK(Form().toString() == "");
  CHECK(Form{{"a\r\n", std::string("\0", 1)}}.toString() == "a%0D%0A=%00");
}

TEST_CASE("a form is read as browsers read it") {
  CHECK(Form::parse("a=1&b=2+3&&c&=d&e=f=g&%61=%zz%2") == Form{{"a", "1"}, {"b", "2 3"}, {"c", ""}, {"", "d"}, {"e", "f=g"}, {"a", "%zz%2"}});
  CHECK(Form::parse("a=%FF\xFE") == Form{{"a", "\uFFFD\uFFFD"}});
  CHECK(Form::parse("").empty());
  CHECK(Form::parse("&&&").empty());
  CHECK(Form::parse("a&b&c", 2).size() == 2);
}

TEST_CASE("what was written is read again") {
  std::string all;
  for (int c = 0; c < 128; ++c) all.push_back(static_cast<char>(c));
  const Form form{{all, all}, {"\u20AC", ""}, {"", all}};
  CHECK(Form::parse(form.toString()) == form);
}

TEST_CASE("pairs are found, replaced and removed by name") {
  Form form{{"a", "1"}, {"b", "2"}, {"a", "3"}};
  CHECK(form.get("a") == "1");
  CHECK(form.getAll("a") == std::vector<std::string_view>{"1", "3"});
  CHECK(!form.get("c"));
  form.set("a", "4").set("c", "5").set(form.begin()->first, "6");
  CHECK(form == Form{{"a", "6"}, {"b", "2"}, {"c", "5"}});
  CHECK(form.remove("b") == 1);
  CHECK(form.remove("b") == 0);
  CHECK(form.size() == 2);
  CHECK(form.has("c"));
}
