#include <weft/crawler/error.hpp>
#include <weft/crawler/form_request.hpp>
#include <weft/crawler/spider.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::crawler;

namespace {

Response page(std::string_view html) { return {http::Url("http://e.com/dir/page.html?p=1"), 200, http::Headers{{"Content-Type", "text/html; charset=utf-8"}}, std::string(html)}; }

// The pairs that are sent: in the body, or the query. A form without any leaves the page's own query as it is.
std::string sent(std::string_view html, const FormOptions& options = FormOptions()) {
  const FormRequest request = FormRequest::fromResponse(page(html), options);
  const std::string pairs(request.method() == "POST" ? request.body() : request.url.query());
  return pairs == "p=1" ? "" : pairs;
}

std::string errorOf(std::string_view html, const FormOptions& options) {
  try {
    sent(html, options);
  } catch (const FormError& error) {
    return error.what();
  }
  return "(none)";
}

}  // namespace

TEST_CASE("form data is a body of a POST, and the query of a GET") {
  const http::Form data{{"a", "1 2"}, {"b", "\xC3\xA9&"}, {"a", "3"}};
  FormRequest post("http://e.com/x?old=1", data, &Spider::parse);
  CHECK(post.method() == "POST");
  CHECK(post.body() == "a=1+2&b=%C3%A9%26&a=3");
  CHECK(post.headers().get("Content-Type") == "application/x-www-form-urlencoded");
  CHECK(post.url.href() == "http://e.com/x?old=1");
  CHECK(post.callback == Callback(&Spider::parse));
  FormRequest get("http://e.com/x?old=1#f", data, {}, "get");
  CHECK(get.method() == "GET");
  CHECK(get.url.href() == "http://e.com/x?a=1+2&b=%C3%A9%26&a=3#f");
  CHECK(get.body().empty());
  CHECK(FormRequest("http://e.com/x?old=1", {}, {}, "GET").url.href() == "http://e.com/x?old=1");
}

TEST_CASE("a form goes where it says, by its method; else to its page, by GET") {
  const auto to = [](std::string_view html, const FormOptions& options = FormOptions()) {
    const FormRequest request = FormRequest::fromResponse(page(html), options);
    return std::string(request.method()) + " " + request.url.href();
  };
  CHECK(to("<form action='post.php' method=post><input name=a value=1></form>") == "POST http://e.com/dir/post.php");
  CHECK(to("<form action=' /x?y=1 '><input name=a value=1></form>") == "GET http://e.com/x?a=1");
  CHECK(to("<form method=dialog><input name=a value=1></form>") == "GET http://e.com/dir/page.html?a=1");
  CHECK(to("<form method=POST></form>") == "POST http://e.com/dir/page.html?p=1");
  CHECK(to("<base href='http://o.com/b/'><form action=x><input name=a value=1></form>") == "GET http://o.com/b/x?a=1");
  CHECK(to("<form action=x></form>", FormOptions().setUrl("/y").setMethod("post")) == "POST http://e.com/y");
}

TEST_CASE("the fields that count are those that a browser sends") {
  CHECK(sent("<form><input name=a value=1><input name=b><input value=nameless><input name='' value=1><input type=hidden name=c value=' x '></form>") == "a=1&b=&c=+x+");
  CHECK(sent("<form><textarea name=t>\nline &amp; line\n</textarea><textarea name=u></textarea></form>") == "t=line+%26+line%0A&u=");
  CHECK(sent("<form><input type=reset name=r value=1><input type=button name=b value=1><button type=button name=c value=1>x</button></form>").empty());
  CHECK(sent("<form><input type=CHECKBOX name=a checked><input type=checkbox name=b value=1><input type=checkbox name=c value=2 checked><input type=checkbox name=d value='' checked></form>") ==
        "a=on&c=2&d=on");
  CHECK(sent("<form><input type=radio name=r value=1><input type=radio name=r value=2 checked><input type=radio name=q value=3></form>") == "r=2");
  CHECK(sent("<form><div><table><tr><td><input name=deep value=1></table></div></form><input name=outside value=1>") == "deep=1");
  CHECK(sent("<form><input name=a value=1 disabled><fieldset disabled><legend><input name=l value=1></legend><input name=b value=1><select name=s><option>x</select></fieldset></form>") ==
        "l=1");
}

TEST_CASE("a select says what is selected, or what a browser would show") {
  CHECK(sent("<form><select name=s><option value=1>one<option value=2 selected>two</select></form>") == "s=2");
  CHECK(sent("<form><select name=s><option value=1 selected>one<option value=2 selected>two</select></form>") == "s=2");
  CHECK(sent("<form><select name=s><option disabled value=1>one<option> two </select></form>") == "s=two");
  CHECK(sent("<form><select name=s><option value=''>none<option value=2>two</select></form>") == "s=");
  CHECK(sent("<form><select name=s><optgroup label=g><option value=3>x</optgroup></select></form>") == "s=3");
  CHECK(sent("<form><select name=s></select></form>").empty());
  CHECK(sent("<form><select name=s multiple><option value=1 selected>a<option value=2>b<option value=3 selected>c</select></form>") == "s=1&s=3");
  CHECK(sent("<form><select name=s multiple><option value=1>a</select></form>").empty());
}

TEST_CASE("form data takes the place of all fields of its names, and comes last") {
  const std::string_view html = "<form><input name=a value=1><input name=b value=2><input name=a value=3></form>";
  CHECK(sent(html, FormOptions().set("a", "x").set("new", "y")) == "b=2&a=x&new=y");
  CHECK(sent(html, FormOptions().setFormdata(http::Form{{"a", "x"}, {"a", "y"}})) == "b=2&a=x&a=y");
  CHECK(sent(html, FormOptions().without("a")) == "b=2");
}

TEST_CASE("a button is pressed: the first, the one that clickdata tells, or none") {
  const std::string_view html =
      "<form><input type=text name=q value=1><input type=submit name=first value=go><button name=second value=there>x</button>"
      "<input type=image name=pic><input type=submit name=same value=1><input type=submit name=same value=2></form>";
  CHECK(sent(html) == "q=1&first=go");
  CHECK(sent(html, FormOptions().setClickdata("name", "second")) == "q=1&second=there");
  CHECK(sent(html, FormOptions().setClickdata("name", "same").setClickdata("value", "2")) == "q=1&same=2");
  CHECK(sent(html, FormOptions().setClicknumber(2)) == "q=1&pic=");
  CHECK(sent(html, FormOptions().setDontClick()) == "q=1");
  CHECK(sent(html, FormOptions().set("first", "mine")) == "q=1&first=mine");
  CHECK(sent("<form><button value=x>nameless</button><input type=submit name=b value=1></form>").empty());
  CHECK(sent("<form><input type=submit name=a value=1 disabled><input type=submit name=b value=1></form>") == "b=1");
  CHECK(errorOf(html, FormOptions().setClickdata("name", "third")) ==
        "no clickable element matches the clickdata [name=\"third\"] in <200 http://e.com/dir/page.html?p=1>");
  CHECK(errorOf(html, FormOptions().setClickdata("name", "same")).starts_with("2 elements match the clickdata [name=\"same\"]"));
  CHECK(sent("<form><input name=q value=1></form>", FormOptions().setClickdata("name", "third")) == "q=1");
}

TEST_CASE("a form is found by name, id, selector or number") {
  const std::string_view html =
      "<form name=one><input name=f value=1></form><form id=two><p class=in><input name=f value=2></p></form><form name=three><input name=f value=3></form>";
  CHECK(sent(html) == "f=1");
  CHECK(sent(html, FormOptions().setFormname("three")) == "f=3");
  CHECK(sent(html, FormOptions().setFormid("two")) == "f=2");
  CHECK(sent(html, FormOptions().setFormname("none").setFormid("two")) == "f=2");
  CHECK(sent(html, FormOptions().setFormname("none").setFormnumber(2)) == "f=3");
  CHECK(sent(html, FormOptions().setFormcss("p.in")) == "f=2");
  CHECK(sent(html, FormOptions().setFormxpath("//form[3]")) == "f=3");
  CHECK(sent(html, FormOptions().setFormxpath("//form[2]//input")) == "f=2");
  CHECK(errorOf(html, FormOptions().setFormnumber(3)) == "form number 3 not found in <200 http://e.com/dir/page.html?p=1>, which has 3");
  CHECK(errorOf(html, FormOptions().setFormcss("div")).starts_with("no <form> element found with div in "));
  CHECK(errorOf("<p>", {}) == "no <form> element found in <200 http://e.com/dir/page.html?p=1>");
  CHECK_THROWS_AS(sent(html, FormOptions().setFormcss("p[")), SelectorError);
}

TEST_CASE("a JSON request posts its data, names in order") {
  http::Json::Object inner{{"z", 1}, {"a", nullptr}};
  http::Json::Object data{{"name", "b"}, {"list", http::Json::Array{1, http::Json(inner)}}, {"age", 3}};
  const JsonRequest request("http://e.com/api", http::Json(data), &Spider::parse);
  CHECK(request.method() == "POST");
  CHECK(request.body() == R"({"age":3,"list":[1,{"a":null,"z":1}],"name":"b"})");
  CHECK(request.headers().get("Content-Type") == "application/json");
  CHECK(request.headers().get("Accept") == "application/json, text/javascript, */*; q=0.01");
  const JsonRequest get("http://e.com/api");
  CHECK(get.method() == "GET");
  CHECK(get.body().empty());
  CHECK(JsonRequest("http://e.com/api", http::Json(data), {}, "PUT").method() == "PUT");
}
