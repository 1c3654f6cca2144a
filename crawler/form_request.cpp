#include <weft/crawler/form_request.hpp>

#include <weft/crawler/error.hpp>
#include <weft/http/headers.hpp>

#include <algorithm>

namespace weft::crawler {

namespace {

using html::Document;
using html::kNoNode;
using html::NodeId;

bool is(std::optional<std::string_view> attribute, std::string_view value) noexcept { return attribute && http::equalIgnoringCase(*attribute, value); }

std::string nameOfPage(const Response& response) { return "<" + std::to_string(response.status) + " " + response.url.href() + ">"; }

struct FormReader {
  const Document& page;
  NodeId form;

  template <class F> void eachWithin(NodeId root, F&& visit) const {
    for (NodeId n = page.following(root, root); n != kNoNode && n != root; n = page.following(n, root))
      if (page.isElement(n)) visit(n, page.name(n));
  }

  // HTML section 4.10.19.2: disabled itself or by a <fieldset> around it (whose first <legend> is not meant).
  bool isDisabled(NodeId control) const {
    if (page.attribute(control, "disabled")) return true;
    NodeId below = control;
    for (NodeId n = page[control].parent; n != kNoNode && n != form; below = n, n = page[n].parent) {
      if (!page.isElement(n) || page.name(n) != "fieldset" || !page.attribute(n, "disabled")) continue;
      NodeId legend = page[n].firstChild;
      while (legend != kNoNode && !(page.isElement(legend) && page.name(legend) == "legend")) legend = page[legend].next;
      if (legend == kNoNode || legend != below) return true;
    }
    return false;
  }

  bool isClickable(NodeId n, std::string_view name) const {
    const auto type = page.attribute(n, "type");
    if (name == "input") return is(type, "submit") || is(type, "image");
    return name == "button" && (!type || is(type, "submit"));
  }

  std::string optionValue(NodeId option) const {
    if (const auto value = page.attribute(option, "value")) return std::string(*value);
    const std::string text = page.textContent(option);
    return std::string(http::trimmed(text));
  }

  void addSelect(http::Form& values, std::string_view name, NodeId select) const {
    std::vector<NodeId> options;
    eachWithin(select, [&](NodeId n, std::string_view tag) {
      if (tag == "option") options.push_back(n);
    });
    const auto isSelected = [&](NodeId n) { return page.attribute(n, "selected").has_value(); };
    if (page.attribute(select, "multiple")) {
      for (NodeId option : options)
        if (isSelected(option)) values.add(std::string(name), optionValue(option));
      return;
    }
    auto chosen = std::find_if(options.rbegin(), options.rend(), isSelected);
    if (chosen != options.rend()) return void(values.add(std::string(name), optionValue(*chosen)));
    const auto first = std::find_if(options.begin(), options.end(), [&](NodeId n) { return !page.attribute(n, "disabled"); });
    if (!options.empty()) values.add(std::string(name), optionValue(first != options.end() ? *first : options.front()));
  }

  void add(http::Form& values, NodeId control, std::string_view tag, std::string_view name) const {
    if (tag == "select") return addSelect(values, name, control);
    if (tag == "textarea") return void(values.add(std::string(name), page.textContent(control)));
    const auto type = page.attribute(control, "type");
    for (std::string_view button : {"submit", "image", "reset", "button"})
      if (is(type, button)) return;
    const std::string_view value = page.attribute(control, "value").value_or("");
    if (is(type, "checkbox") || is(type, "radio")) {
      if (page.attribute(control, "checked")) values.add(std::string(name), std::string(value.empty() ? "on" : value));
    } else {
      values.add(std::string(name), std::string(value));
    }
  }
};

// The <form> that this is, or is in.
NodeId formAround(const Document& page, NodeId n) {
  while (n != kNoNode && !(page.isElement(n) && page.name(n) == "form")) n = page[n].parent;
  return n;
}

NodeId findForm(const Response& response, const FormOptions& options) {
  const Document& page = response.selector().document();
  std::vector<NodeId> forms;
  for (NodeId n = html::kDocumentNode; n != kNoNode; n = page.following(n))
    if (page.isElement(n) && page.name(n) == "form") forms.push_back(n);
  if (forms.empty()) throw FormError("no <form> element found in " + nameOfPage(response));
  const auto withAttribute = [&](std::string_view name, const std::optional<std::string>& value) {
    if (!value) return kNoNode;
    const auto found = std::find_if(forms.begin(), forms.end(), [&](NodeId form) { return page.attribute(form, name) == *value; });
    return found == forms.end() ? kNoNode : *found;
  };
  if (const NodeId form = withAttribute("name", options.formname)) return form;
  if (const NodeId form = withAttribute("id", options.formid)) return form;
  if (options.formcss || options.formxpath) {
    const SelectorList found = options.formcss ? response.css(*options.formcss) : response.xpath(*options.formxpath);
    if (!found.empty())
      if (const NodeId form = formAround(page, found[0].node())) return form;
    throw FormError("no <form> element found with " + (options.formcss ? *options.formcss : *options.formxpath) + " in " + nameOfPage(response));
  }
  if (options.formnumber >= forms.size())
    throw FormError("form number " + std::to_string(options.formnumber) + " not found in " + nameOfPage(response) + ", which has " + std::to_string(forms.size()));
  return forms[options.formnumber];
}

// What is pressed; none if there is nothing to press.
NodeId findButton(const FormReader& reader, const FormOptions& options, const Response& response) {
  std::vector<NodeId> buttons, controls, all;
  reader.eachWithin(reader.form, [&](NodeId n, std::string_view tag) {
    all.push_back(n);
    if (tag == "input" || tag == "select" || tag == "textarea") controls.push_back(n);
    if (reader.isClickable(n, tag)) buttons.push_back(n);
  });
  if (buttons.empty()) return kNoNode;
  if (options.clicknumber && *options.clicknumber < controls.size()) return controls[*options.clicknumber];
  if (options.clickdata.empty()) {
    if (options.clicknumber) throw FormError("the form in " + nameOfPage(response) + " has no control number " + std::to_string(*options.clicknumber));
    const auto first = std::find_if(buttons.begin(), buttons.end(), [&](NodeId n) { return !reader.isDisabled(n); });
    return first == buttons.end() ? kNoNode : *first;
  }
  std::string wanted;
  for (const auto& [attribute, value] : options.clickdata) wanted += "[" + attribute + "=\"" + value + "\"]";
  std::vector<NodeId> found;
  for (NodeId n : all) {
    if (std::all_of(options.clickdata.begin(), options.clickdata.end(), [&](const auto& pair) { return reader.page.attribute(n, pair.first) == pair.second; })) found.push_back(n);
  }
  if (found.size() == 1) return found[0];
  throw FormError(found.empty() ? "no clickable element matches the clickdata " + wanted + " in " + nameOfPage(response)
                                : std::to_string(found.size()) + " elements match the clickdata " + wanted + " in " + nameOfPage(response) + ": say more");
}

http::Json sorted(const http::Json& value) {
  if (value.isArray()) {
    http::Json::Array array;
    for (const http::Json& element : value.array()) array.push_back(sorted(element));
    return array;
  }
  if (!value.isObject()) return value;
  http::Json::Object object;
  for (const auto& [name, member] : value.object()) object.emplace_back(name, sorted(member));
  std::stable_sort(object.begin(), object.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return object;
}

}  // namespace

FormRequest::FormRequest(std::string_view url, const http::Form& formdata, Callback callback, std::string_view method)
    : FormRequest(http::Url(url), formdata, callback, method) {}

FormRequest::FormRequest(http::Url target, const http::Form& formdata, Callback callback, std::string_view method) : Request(std::move(target), callback) {
  if (!http::equalIgnoringCase(method, "GET")) setMethod(method);
  if (formdata.empty()) return;
  if (this->method() == "POST") setHeader("Content-Type", "application/x-www-form-urlencoded").setBody(formdata.toString());
  else url.setSearch(formdata.toString());
}

FormRequest FormRequest::fromResponse(const Response& response, const FormOptions& options, Callback callback) {
  const Document& page = response.selector().document();
  const FormReader reader{page, findForm(response, options)};
  const auto isGiven = [&](std::string_view name) { return options.formdata.has(name) || std::find(options.left.begin(), options.left.end(), name) != options.left.end(); };
  http::Form values;
  reader.eachWithin(reader.form, [&](NodeId n, std::string_view tag) {
    if (tag != "input" && tag != "select" && tag != "textarea") return;
    const std::string_view name = page.attribute(n, "name").value_or("");
    if (!name.empty() && !isGiven(name) && !reader.isDisabled(n)) reader.add(values, n, tag, name);
  });
  if (!options.dontClick) {
    const NodeId button = findButton(reader, options, response);
    const auto name = button ? page.attribute(button, "name") : std::nullopt;
    if (name && !name->empty() && !isGiven(*name)) values.add(std::string(*name), std::string(page.attribute(button, "value").value_or("")));
  }
  for (const auto& [name, value] : options.formdata) values.add(name, value);

  const auto action = options.url ? std::optional<std::string_view>(*options.url) : page.attribute(reader.form, "action");
  const std::string_view method = options.method ? std::string_view(*options.method) : page.attribute(reader.form, "method").value_or("GET");
  return FormRequest(action ? response.urljoin(*action) : response.url, values, callback, http::equalIgnoringCase(method, "POST") ? "POST" : "GET");
}

JsonRequest::JsonRequest(std::string_view url, Callback callback) : Request(url, callback) {
  setHeader("Content-Type", "application/json").setHeader("Accept", "application/json, text/javascript, */*; q=0.01");
}

JsonRequest::JsonRequest(std::string_view url, const http::Json& data, Callback callback, std::string_view method) : JsonRequest(url, callback) {
  if (!http::equalIgnoringCase(method, "GET")) setMethod(method);
  setBody(sorted(data).dump());
}

}  // namespace weft::crawler
