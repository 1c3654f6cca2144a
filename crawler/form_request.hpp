// FormRequest and JsonRequest: requests that bring data.
#pragma once

#include <weft/crawler/request.hpp>
#include <weft/crawler/response.hpp>
#include <weft/http/forms/form.hpp>
#include <weft/http/json.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::crawler {

/// Which form of a page, and what it is filled in with. The first of these that finds one counts: formname, formid, then formcss or formxpath, formnumber.
class FormOptions {
 public:
  FormOptions() = default;
  /// The `name` or `id` of the <form>. One that no form has counts as not given.
  FormOptions& setFormname(std::string value) { return formname = std::move(value), *this; }
  FormOptions& setFormid(std::string value) { return formid = std::move(value), *this; }
  /// Which of the page's forms, from 0.
  FormOptions& setFormnumber(std::size_t value) { return formnumber = value, *this; }
  /// A selector of the form, or of something within it.
  FormOptions& setFormcss(std::string value) { return formcss = std::move(value), *this; }
  FormOptions& setFormxpath(std::string value) { return formxpath = std::move(value), *this; }
  /// Values for its fields: all fields of a name give way to those here. Names that the form does not have are sent as well.
  FormOptions& setFormdata(http::Form value) { return formdata = std::move(value), *this; }
  FormOptions& set(std::string_view name, std::string value) { return formdata.set(name, std::move(value)), *this; }
  /// Leaves the fields of a name out.
  FormOptions& without(std::string name) { return left.push_back(std::move(name)), *this; }
  /// The button that is pressed, by its attributes: setClickdata("name", "search"). The first one unless this says otherwise.
  FormOptions& setClickdata(std::string attribute, std::string value) { return clickdata.emplace_back(std::move(attribute), std::move(value)), *this; }
  /// The control that is pressed, by its place among the form's <input>, <select> and <textarea>, from 0.
  FormOptions& setClicknumber(std::size_t value) { return clicknumber = value, *this; }
  /// Presses no button.
  FormOptions& setDontClick(bool value = true) { return dontClick = value, *this; }
  /// In place of the form's own.
  FormOptions& setUrl(std::string value) { return url = std::move(value), *this; }
  FormOptions& setMethod(std::string value) { return method = std::move(value), *this; }

  std::optional<std::string> formname, formid, formcss, formxpath, url, method;
  std::size_t formnumber = 0;
  http::Form formdata;
  std::vector<std::string> left;
  std::vector<std::pair<std::string, std::string>> clickdata;
  std::optional<std::size_t> clicknumber;
  bool dontClick = false;
};

/// A page has no such form, or the form no such button. Names the page and what was looked for.
class FormError : public Error {
 public:
  using Error::Error;
};

/// A request that sends a form, urlencoded in UTF-8: as the body of a POST (unless there is a Content-Type already, with application/x-www-form-urlencoded), or as the query of a GET.
///
///     http::Form search{{"q", "weft"}, {"page", "2"}};
///     co_yield FormRequest("https://example.com/search", search, &MySpider::parseResults);
///
///     auto login = FormOptions().set("username", "me").set("password", "secret");
///     co_yield FormRequest::fromResponse(response, login, &MySpider::loggedIn);
class FormRequest : public Request {
 public:
  /// Throws http::UrlError, and http::HeaderError for a method that is no token.
  FormRequest(std::string_view url, const http::Form& formdata, Callback callback = {}, std::string_view method = "POST");

  /// What a browser sends when a form of the page is filled in and a button is pressed; by Scrapy's rules:
  ///
  /// - Within the form: every <textarea>, <select> and <input> with a name, but buttons, and check boxes and radio buttons that are not checked. Disabled ones are left out, which browsers do
  ///   and Scrapy does not.
  /// - A check box without a value says "on". A <select> says its last selected <option>, or else the first that is not disabled; one that is `multiple` all that are selected. An <option>
  ///   without a value says its text.
  /// - The button pressed is the first <input type=submit>, <input type=image> or <button> of type submit, unless clickdata says otherwise; it counts when it has a name.
  /// - It goes to the form's action (or the page itself) by its method; one that is neither GET nor POST counts as GET.
  ///
  /// Throws FormError; SelectorError of formcss, XPathError of formxpath; http::UrlError.
  static FormRequest fromResponse(const Response& response, const FormOptions& options = FormOptions(), Callback callback = {});

 private:
  FormRequest(http::Url url, const http::Form& formdata, Callback callback, std::string_view method);
};

/// A POST of JSON: with Content-Type application/json and an Accept to match, unless they are set. Members are sent in the order of their names, as in Scrapy, so that equal data is the
/// same request.
///
///     http::Json query(http::Json::Object{{"page", 2}});
///     co_yield JsonRequest("https://example.com/api", query, &MySpider::parseApi);
class JsonRequest : public Request {
 public:
  /// A GET that asks for JSON.
  explicit JsonRequest(std::string_view url, Callback callback = {});
  JsonRequest(std::string_view url, const http::Json& data, Callback callback = {}, std::string_view method = "POST");
};

}  // namespace weft::crawler

namespace weft {
using crawler::FormOptions;
using crawler::FormRequest;
using crawler::JsonRequest;
}  // namespace weft
