// Foreign content: SVG and MathML (section 13.2.6.5).
#include <weft/crawler/html/internal/tree_construction.hpp>

#include <algorithm>
#include <iterator>

namespace weft::html::internal {
namespace {

/// `names` in the case that SVG gives them, sorted without regard to case; answers the one that `lower` means.
template <std::size_t N>
std::string_view adjusted(const std::string_view (&names)[N], std::string_view lower) noexcept {
  const auto compare = [&](std::string_view name) {
    for (std::size_t i = 0; i < name.size() && i < lower.size(); ++i)
      if (const int difference = static_cast<unsigned char>(toLower(name[i])) - static_cast<unsigned char>(lower[i]))
        return difference;
    return static_cast<int>(name.size()) - static_cast<int>(lower.size());
  };
  const auto* found = std::partition_point(std::begin(names), std::end(names),
                                           [&](std::string_view name) { return compare(name) < 0; });
  return found != std::end(names) && compare(*found) == 0 ? *found : lower;
}

// clang-format off
constexpr std::string_view kSvgElements[] = {
    "altGlyph", "altGlyphDef", "altGlyphItem", "animateColor", "animateMotion", "animateTransform", "clipPath", "feBlend", "feColorMatrix",
    "feComponentTransfer", "feComposite", "feConvolveMatrix", "feDiffuseLighting", "feDisplacementMap", "feDistantLight", "feDropShadow",
    "feFlood", "feFuncA", "feFuncB", "feFuncG", "feFuncR", "feGaussianBlur", "feImage", "feMerge", "feMergeNode", "feMorphology", "feOffset",
    "fePointLight", "feSpecularLighting", "feSpotLight", "feTile", "feTurbulence", "foreignObject", "glyphRef", "linearGradient",
    "radialGradient", "textPath"};
constexpr std::string_view kSvgAttributes[] = {
    "attributeName", "attributeType", "baseFrequency", "baseProfile", "calcMode", "clipPathUnits", "diffuseConstant", "edgeMode",
    "filterUnits", "glyphRef", "gradientTransform", "gradientUnits", "kernelMatrix", "kernelUnitLength", "keyPoints", "keySplines",
    "keyTimes", "lengthAdjust", "limitingConeAngle", "markerHeight", "markerUnits", "markerWidth", "maskContentUnits", "maskUnits",
    "numOctaves", "pathLength", "patternContentUnits", "patternTransform", "patternUnits", "pointsAtX", "pointsAtY", "pointsAtZ",
    "preserveAlpha", "preserveAspectRatio", "primitiveUnits", "refX", "refY", "repeatCount", "repeatDur", "requiredExtensions",
    "requiredFeatures", "specularConstant", "specularExponent", "spreadMethod", "startOffset", "stdDeviation", "stitchTiles",
    "surfaceScale", "systemLanguage", "tableValues", "targetX", "targetY", "textLength", "viewBox", "viewTarget", "xChannelSelector",
    "yChannelSelector", "zoomAndPan"};
// clang-format on

}  // namespace

std::string_view svgElementName(std::string_view lower) noexcept { return adjusted(kSvgElements, lower); }
std::string_view svgAttributeName(std::string_view lower) noexcept { return adjusted(kSvgAttributes, lower); }

void TreeConstruction::insertForeign(const Token& token, Namespace ns) {
  insertElement(token, ns);
  if (token.tag->selfClosing) popOpen();
}

bool TreeConstruction::inForeign(const Token& token) {
  switch (token.kind) {
    case Kind::kNull:
      for (std::size_t i = 0; i < token.text.size(); ++i) insertText("\xEF\xBF\xBD");
      return true;
    case Kind::kSpace: insertText(token.text); return true;
    case Kind::kText:
      insertText(token.text);
      framesetOk_ = false;
      return true;
    case Kind::kComment: insertComment(token.text); return true;
    case Kind::kEof: return true;
    case Kind::kStart: {
      bool breaksOut = false;
      switch (token.name) {
        case known::kFont:
          breaksOut = token.tag->find("color") || token.tag->find("face") || token.tag->find("size");
          break;
        // clang-format off
        case known::kB: case known::kBig: case known::kBlockquote: case known::kBody: case known::kBr: case known::kCenter:
        case known::kCode: case known::kDd: case known::kDiv: case known::kDl: case known::kDt: case known::kEm: case known::kEmbed:
        case known::kH1: case known::kH2: case known::kH3: case known::kH4: case known::kH5: case known::kH6: case known::kHead:
        case known::kHr: case known::kI: case known::kImg: case known::kLi: case known::kListing: case known::kMenu: case known::kMeta:
        case known::kNobr: case known::kOl: case known::kP: case known::kPre: case known::kRuby: case known::kS: case known::kSmall:
        case known::kSpan: case known::kStrong: case known::kStrike: case known::kSub: case known::kSup: case known::kTable:
        case known::kTt: case known::kU: case known::kUl: case known::kVar:
          // clang-format on
          breaksOut = true;
          break;
        default: break;
      }
      if (!breaksOut) {
        insertForeign(token, adjustedCurrent().ns);
        return true;
      }
      break;
    }
    case Kind::kEnd:
      if (token.name != known::kBr && token.name != known::kP) {
        // Up the stack while it is foreign; the first HTML element decides by its own mode, unless it is the root of a
        // fragment.
        const int html = open_.nearest(kHtmlElement), foreign = open_.lastForeign(token.name);
        if (foreign <= html) return html <= 0 || inMode(mode_, token);
        popTo(foreign);
        return true;
      }
      break;
  }
  // Breaks out of foreign content: up to an integration point or an HTML element, and again from there.
  if (fragment_ && open_.size() == 1) return inMode(mode_, token);
  while (open_.size() > 1 && open_.top().ns != Namespace::kHtml &&
         !(nodes_[current()].flags & (kHtmlIntegration | kMathTextIntegration)))
    popOpen();
  return inMode(mode_, token);
}

}  // namespace weft::html::internal
