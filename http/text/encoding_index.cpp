#include <weft/http/text/internal/encoding_index.hpp>

#include <unicode/ucnv.h>
#include <unicode/utf16.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <mutex>
#include <string>

namespace weft::http::detail {
namespace {

struct Entry {
  std::uint16_t pointer;
  char16_t codePoint;
};

// Where ICU's converter "ibm-1375_P100-2008" lacks a character of the standard's index, or has a private one.
constexpr Entry kBig5Corrections[] = {
    {1008, 0x9F97}, {1016, 0x9F96}, {1099, 0x31C0}, {1100, 0x31C1}, {1101, 0x31C2}, {1102, 0x31C3}, {1103, 0x31C4}, {1105, 0x31C5}, {1108, 0x31C6},
    {1109, 0x31C7}, {1112, 0x31C8}, {1114, 0x31C9}, {1115, 0x31CA}, {1116, 0x31CB}, {1117, 0x31CC}, {1119, 0x31CD}, {1120, 0x31CE}, {1170, 0x23DA},
    {1171, 0x23DB}, {1730, 0x9FA6}, {1772, 0x9FA7}, {1779, 0x9FA8}, {1812, 0x9FA9}, {1814, 0x9FAA}, {1816, 0x9FAB}, {1821, 0x9FAC}, {1844, 0x9FAD},
    {1845, 0x9FAE}, {1847, 0x9FAF}, {1866, 0x9FB2}, {1892, 0x9FB3}, {2082, 0x7BB8}, {2088, 0x7C06}, {2103, 0x7CCE}, {2114, 0x7DD2}, {2123, 0x7E1D},
    {2148, 0x8005}, {2151, 0x8028}, {2221, 0x83C1}, {2239, 0x84A8}, {2244, 0x840F}, {2303, 0x89A6}, {2304, 0x89A9}, {2354, 0x8D77}, {2400, 0x90FD},
    {2413, 0x92B9}, {2477, 0x975C}, {2498, 0x97FF}, {2605, 0x9F16}, {2673, 0x8503}, {2746, 0x5159}, {2747, 0x515B}, {2748, 0x515D}, {2749, 0x515E},
    {2771, 0x936E}, {2780, 0x7479}, {2990, 0x6D67}, {3087, 0x799B}, {3259, 0x9097}, {3301, 0x975D}, {3436, 0x701E}, {3451, 0x5B28}, {4136, 0x7201},
    {4138, 0x77D7}, {4141, 0x7E87}, {4182, 0x99D6}, {4206, 0x91D4}, {4220, 0x60DE}, {4230, 0x6FB6}, {4241, 0x8F36}, {4258, 0x4FBB}, {4273, 0x71DF},
    {4279, 0x9104}, {4282, 0x9DF0}, {4294, 0x83CF}, {4329, 0x5C10}, {4330, 0x79E3}, {4349, 0x5A67}, {4419, 0x8F0B}, {4422, 0x7B51}, {4494, 0x62D0},
    {4624, 0x6062}, {4694, 0x75F9}, {4708, 0x6C4A}, {4742, 0x9B2E}, {4748, 0x9F17}, {4815, 0x50ED}, {4828, 0x5F0C}, {4902, 0x880F}, {4922, 0x62CE},
    {4982, 0x7468}, {4992, 0x7162}, {4997, 0x7250}, {5432, 0x2400}, {5433, 0x2401}, {5434, 0x2402}, {5435, 0x2403}, {5436, 0x2404}, {5437, 0x2405},
    {5438, 0x2406}, {5439, 0x2407}, {5440, 0x2408}, {5441, 0x2409}, {5442, 0x240A}, {5443, 0x240B}, {5444, 0x240C}, {5445, 0x240D}, {5446, 0x240E},
    {5447, 0x240F}, {5448, 0x2410}, {5449, 0x2411}, {5450, 0x2412}, {5451, 0x2413}, {5452, 0x2414}, {5453, 0x2415}, {5454, 0x2416}, {5455, 0x2417},
    {5456, 0x2418}, {5457, 0x2419}, {5458, 0x241A}, {5459, 0x241B}, {5460, 0x241C}, {5461, 0x241D}, {5462, 0x241E}, {5463, 0x241F}, {5464, 0x2421},
    {10942, 0x5EF4}, {10946, 0x65E0}, {10948, 0x7676}, {10950, 0x96B6}, {10957, 0x3003}, {10958, 0x4EDD}, {11204, 0x31CF}, {11210, 0x9FB0},
    {11212, 0x9FB1}, {19028, 0x5029}, {19035, 0x507D}, {19088, 0x5305}, {19096, 0x5344}, {19112, 0x537F}, {19162, 0x5605}, {19240, 0x5A77},
    {19299, 0x5E75}, {19305, 0x5ED0}, {19326, 0x5F58}, {19355, 0x60A4}, {19398, 0x6490}, {19439, 0x6674}, {19454, 0x675E}, {19553, 0x6C9C},
    {19554, 0x6E1D}, {19557, 0x6E2F}, {19611, 0x716E}, {19643, 0x732A}, {19672, 0x745C}, {19697, 0x74E9}, {19748, 0x7809},
};

// A3A0 is read as the space that pages mean by it; the rest are the characters that GB18030-2022 moved out of the private area, which older ICUs do not know.
constexpr Entry kGb18030Corrections[] = {
    {6555, 0x3000}, {7182, 0xFE10}, {7183, 0xFE12}, {7184, 0xFE11}, {7185, 0xFE13}, {7186, 0xFE14}, {7187, 0xFE15}, {7188, 0xFE16}, {7201, 0xFE17},
    {7202, 0xFE18}, {7208, 0xFE19}, {23775, 0x9FB4}, {23783, 0x9FB5}, {23788, 0x9FB6}, {23789, 0x9FB7}, {23795, 0x9FB8}, {23812, 0x9FB9},
    {23829, 0x9FBA}, {23845, 0x9FBB},
};

struct Range {
  std::uint32_t pointer;
  std::uint32_t codePoint;
};

constexpr Range kGb18030Ranges[] = {
    {0, 0x80}, {36, 0xA5}, {38, 0xA9}, {45, 0xB2}, {50, 0xB8}, {81, 0xD8}, {89, 0xE2}, {95, 0xEB}, {96, 0xEE}, {100, 0xF4}, {103, 0xF8}, {104, 0xFB},
    {105, 0xFD}, {109, 0x102}, {126, 0x114}, {133, 0x11C}, {148, 0x12C}, {172, 0x145}, {175, 0x149}, {179, 0x14E}, {208, 0x16C}, {306, 0x1CF},
    {307, 0x1D1}, {308, 0x1D3}, {309, 0x1D5}, {310, 0x1D7}, {311, 0x1D9}, {312, 0x1DB}, {313, 0x1DD}, {341, 0x1FA}, {428, 0x252}, {443, 0x262},
    {544, 0x2C8}, {545, 0x2CC}, {558, 0x2DA}, {741, 0x3A2}, {742, 0x3AA}, {749, 0x3C2}, {750, 0x3CA}, {805, 0x402}, {819, 0x450}, {820, 0x452},
    {7922, 0x2011}, {7924, 0x2017}, {7925, 0x201A}, {7927, 0x201E}, {7934, 0x2027}, {7943, 0x2031}, {7944, 0x2034}, {7945, 0x2036}, {7950, 0x203C},
    {8062, 0x20AD}, {8148, 0x2104}, {8149, 0x2106}, {8152, 0x210A}, {8164, 0x2117}, {8174, 0x2122}, {8236, 0x216C}, {8240, 0x217A}, {8262, 0x2194},
    {8264, 0x219A}, {8374, 0x2209}, {8380, 0x2210}, {8381, 0x2212}, {8384, 0x2216}, {8388, 0x221B}, {8390, 0x2221}, {8392, 0x2224}, {8393, 0x2226},
    {8394, 0x222C}, {8396, 0x222F}, {8401, 0x2238}, {8406, 0x223E}, {8416, 0x2249}, {8419, 0x224D}, {8424, 0x2253}, {8437, 0x2262}, {8439, 0x2268},
    {8445, 0x2270}, {8482, 0x2296}, {8485, 0x229A}, {8496, 0x22A6}, {8521, 0x22C0}, {8603, 0x2313}, {8936, 0x246A}, {8946, 0x249C}, {9046, 0x254C},
    {9050, 0x2574}, {9063, 0x2590}, {9066, 0x2596}, {9076, 0x25A2}, {9092, 0x25B4}, {9100, 0x25BE}, {9108, 0x25C8}, {9111, 0x25CC}, {9113, 0x25D0},
    {9131, 0x25E6}, {9162, 0x2607}, {9164, 0x260A}, {9218, 0x2641}, {9219, 0x2643}, {11329, 0x2E82}, {11331, 0x2E85}, {11334, 0x2E89},
    {11336, 0x2E8D}, {11346, 0x2E98}, {11361, 0x2EA8}, {11363, 0x2EAB}, {11366, 0x2EAF}, {11370, 0x2EB4}, {11372, 0x2EB8}, {11375, 0x2EBC},
    {11389, 0x2ECB}, {11682, 0x2FFC}, {11686, 0x3004}, {11687, 0x3018}, {11692, 0x301F}, {11694, 0x302A}, {11714, 0x303F}, {11716, 0x3094},
    {11723, 0x309F}, {11725, 0x30F7}, {11730, 0x30FF}, {11736, 0x312A}, {11982, 0x322A}, {11989, 0x3232}, {12102, 0x32A4}, {12336, 0x3390},
    {12348, 0x339F}, {12350, 0x33A2}, {12384, 0x33C5}, {12393, 0x33CF}, {12395, 0x33D3}, {12397, 0x33D6}, {12510, 0x3448}, {12553, 0x3474},
    {12851, 0x359F}, {12962, 0x360F}, {12973, 0x361B}, {13738, 0x3919}, {13823, 0x396F}, {13919, 0x39D1}, {13933, 0x39E0}, {14080, 0x3A74},
    {14298, 0x3B4F}, {14585, 0x3C6F}, {14698, 0x3CE1}, {15583, 0x4057}, {15847, 0x4160}, {16318, 0x4338}, {16434, 0x43AD}, {16438, 0x43B2},
    {16481, 0x43DE}, {16729, 0x44D7}, {17102, 0x464D}, {17122, 0x4662}, {17315, 0x4724}, {17320, 0x472A}, {17402, 0x477D}, {17418, 0x478E},
    {17859, 0x4948}, {17909, 0x497B}, {17911, 0x497E}, {17915, 0x4984}, {17916, 0x4987}, {17936, 0x499C}, {17939, 0x49A0}, {17961, 0x49B8},
    {18664, 0x4C78}, {18703, 0x4CA4}, {18814, 0x4D1A}, {18962, 0x4DAF}, {19043, 0x9FA6}, {33469, 0xE76C}, {33470, 0xE7C8}, {33471, 0xE7E7},
    {33484, 0xE815}, {33485, 0xE819}, {33490, 0xE81F}, {33497, 0xE827}, {33501, 0xE82D}, {33505, 0xE833}, {33513, 0xE83C}, {33520, 0xE844},
    {33536, 0xE856}, {33550, 0xE865}, {37845, 0xF92D}, {37921, 0xF97A}, {37948, 0xF996}, {38029, 0xF9E8}, {38038, 0xF9F2}, {38064, 0xFA10},
    {38065, 0xFA12}, {38066, 0xFA15}, {38069, 0xFA19}, {38075, 0xFA22}, {38076, 0xFA25}, {38078, 0xFA2A}, {39108, 0xFE32}, {39109, 0xFE45},
    {39113, 0xFE53}, {39114, 0xFE58}, {39115, 0xFE67}, {39116, 0xFE6C}, {39265, 0xFF5F}, {39394, 0xFFE6}, {189000, 0x10000},
};

constexpr EncodingInfo kEncodings[] = {
    {"utf-8", Codec::Utf8, nullptr},
    {"ibm866", Codec::SingleByte, "ibm-866_P100-1995"},
    {"iso-8859-2", Codec::SingleByte, "iso-8859-2"},
    {"iso-8859-3", Codec::SingleByte, "iso-8859-3"},
    {"iso-8859-4", Codec::SingleByte, "iso-8859-4"},
    {"iso-8859-5", Codec::SingleByte, "iso-8859-5"},
    {"iso-8859-6", Codec::SingleByte, "iso-8859-6"},
    {"iso-8859-7", Codec::SingleByte, "iso-8859-7"},
    {"iso-8859-8", Codec::SingleByte, "iso-8859-8"},
    {"iso-8859-8-i", Codec::SingleByte, "iso-8859-8"},
    {"iso-8859-10", Codec::SingleByte, "iso-8859-10"},
    {"iso-8859-13", Codec::SingleByte, "iso-8859-13"},
    {"iso-8859-14", Codec::SingleByte, "iso-8859-14"},
    {"iso-8859-15", Codec::SingleByte, "iso-8859-15"},
    {"iso-8859-16", Codec::SingleByte, "iso-8859-1"},
    {"koi8-r", Codec::SingleByte, "koi8-r"},
    {"koi8-u", Codec::SingleByte, "koi8-u"},
    {"macintosh", Codec::SingleByte, "macintosh"},
    {"windows-874", Codec::SingleByte, "windows-874-2000"},
    {"windows-1250", Codec::SingleByte, "windows-1250"},
    {"windows-1251", Codec::SingleByte, "windows-1251"},
    {"windows-1252", Codec::SingleByte, "windows-1252"},
    {"windows-1253", Codec::SingleByte, "windows-1253"},
    {"windows-1254", Codec::SingleByte, "windows-1254"},
    {"windows-1255", Codec::SingleByte, "windows-1255"},
    {"windows-1256", Codec::SingleByte, "windows-1256"},
    {"windows-1257", Codec::SingleByte, "windows-1257"},
    {"windows-1258", Codec::SingleByte, "windows-1258"},
    {"x-mac-cyrillic", Codec::SingleByte, "x-mac-cyrillic"},
    {"gbk", Codec::Gb18030, nullptr},
    {"gb18030", Codec::Gb18030, nullptr},
    {"big5", Codec::Big5, nullptr},
    {"euc-jp", Codec::EucJp, nullptr},
    {"iso-2022-jp", Codec::Iso2022Jp, nullptr},
    {"shift_jis", Codec::ShiftJis, nullptr},
    {"euc-kr", Codec::EucKr, nullptr},
    {"replacement", Codec::Replacement, nullptr},
    {"utf-16be", Codec::Utf16Be, nullptr},
    {"utf-16le", Codec::Utf16Le, nullptr},
    {"x-user-defined", Codec::UserDefined, nullptr},
};

// Where ICU differs from the standard, by byte; 0: nothing there. ICU has no iso-8859-16: what it has other than iso-8859-1 is all here.
struct Correction {
  std::string_view encoding;
  std::uint8_t byte;
  char16_t codePoint;
};
constexpr Correction kCorrections[] = {
    {"koi8-u", 0xAE, 0x045E},        {"koi8-u", 0xBE, 0x040E},        {"windows-874", 0xDB, 0},        {"windows-874", 0xDC, 0},
    {"windows-874", 0xDD, 0},        {"windows-874", 0xDE, 0},        {"windows-874", 0xFC, 0},        {"windows-874", 0xFD, 0},
    {"windows-874", 0xFE, 0},        {"windows-874", 0xFF, 0},        {"windows-1253", 0xAA, 0},       {"windows-1255", 0xCA, 0x05BA},
    {"iso-8859-16", 0xA1, 0x0104},   {"iso-8859-16", 0xA2, 0x0105},   {"iso-8859-16", 0xA3, 0x0141},   {"iso-8859-16", 0xA4, 0x20AC},
    {"iso-8859-16", 0xA5, 0x201E},   {"iso-8859-16", 0xA6, 0x0160},   {"iso-8859-16", 0xA8, 0x0161},   {"iso-8859-16", 0xAA, 0x0218},
    {"iso-8859-16", 0xAC, 0x0179},   {"iso-8859-16", 0xAE, 0x017A},   {"iso-8859-16", 0xAF, 0x017B},   {"iso-8859-16", 0xB2, 0x010C},
    {"iso-8859-16", 0xB3, 0x0142},   {"iso-8859-16", 0xB4, 0x017D},   {"iso-8859-16", 0xB5, 0x201D},   {"iso-8859-16", 0xB8, 0x017E},
    {"iso-8859-16", 0xB9, 0x010D},   {"iso-8859-16", 0xBA, 0x0219},   {"iso-8859-16", 0xBC, 0x0152},   {"iso-8859-16", 0xBD, 0x0153},
    {"iso-8859-16", 0xBE, 0x0178},   {"iso-8859-16", 0xBF, 0x017C},   {"iso-8859-16", 0xC3, 0x0102},   {"iso-8859-16", 0xC5, 0x0106},
    {"iso-8859-16", 0xD0, 0x0110},   {"iso-8859-16", 0xD1, 0x0143},   {"iso-8859-16", 0xD5, 0x0150},   {"iso-8859-16", 0xD7, 0x015A},
    {"iso-8859-16", 0xD8, 0x0170},   {"iso-8859-16", 0xDD, 0x0118},   {"iso-8859-16", 0xDE, 0x021A},   {"iso-8859-16", 0xE3, 0x0103},
    {"iso-8859-16", 0xE5, 0x0107},   {"iso-8859-16", 0xF0, 0x0111},   {"iso-8859-16", 0xF1, 0x0144},   {"iso-8859-16", 0xF5, 0x0151},
    {"iso-8859-16", 0xF7, 0x015B},   {"iso-8859-16", 0xF8, 0x0171},   {"iso-8859-16", 0xFD, 0x0119},   {"iso-8859-16", 0xFE, 0x021B},
};

class Converter {
 public:
  explicit Converter(const char* name) noexcept {
    UErrorCode error = U_ZERO_ERROR;
    converter_ = ucnv_open(name, &error);
    if (U_FAILURE(error)) converter_ = nullptr;
    else ucnv_setToUCallBack(converter_, UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &error);
  }
  ~Converter() { ucnv_close(converter_); }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;

  // The one code point that `bytes` mean, or 0. Private ones are ICU's room for characters of a user's own: the standard has none of them, except gb18030.
  char32_t codePoint(std::string_view bytes, bool keepPrivate) noexcept {
    if (!converter_) return 0;                         // an ICU without its data: the encoding has no characters
    UChar units[4];
    UErrorCode error = U_ZERO_ERROR;
    ucnv_reset(converter_);
    const std::int32_t count = ucnv_toUChars(converter_, units, 4, bytes.data(), static_cast<std::int32_t>(bytes.size()), &error);
    if (U_FAILURE(error)) return 0;
    if (count == 2 && U16_IS_LEAD(units[0])) return static_cast<char32_t>(U16_GET_SUPPLEMENTARY(units[0], units[1]));
    if (count != 1 || (!keepPrivate && units[0] >= 0xE000 && units[0] <= 0xF8FF)) return 0;
    return units[0];
  }

 private:
  UConverter* converter_;
};

template <class BytesOf> EncodingIndex makeIndex(const char* converterName, std::size_t size, BytesOf bytesOf, bool keepPrivate = false) {
  EncodingIndex index(size);
  Converter converter(converterName);
  for (std::size_t pointer = 0; pointer < size; ++pointer) {
    const std::array<unsigned, 3> bytes = bytesOf(static_cast<unsigned>(pointer));
    char text[3];
    std::size_t length = 0;
    for (unsigned byte : bytes)
      if (byte) text[length++] = static_cast<char>(byte);
    index[pointer] = converter.codePoint({text, length}, keepPrivate);
  }
  return index;
}

void correct(EncodingIndex& index, const auto& corrections) {
  for (const Entry& entry : corrections) index[entry.pointer] = entry.codePoint;
}

}  // namespace

const EncodingInfo* findEncoding(std::string_view name) noexcept {
  const auto* found = std::ranges::find(kEncodings, name, &EncodingInfo::name);
  return found == std::end(kEncodings) ? nullptr : found;
}

const EncodingIndex& big5Index() {
  static const EncodingIndex index = [] {
    EncodingIndex made = makeIndex("ibm-1375_P100-2008", 19782, [](unsigned p) {
      return std::array<unsigned, 3>{p / 157 + 0x81, p % 157 + (p % 157 < 0x3F ? 0x40 : 0x62), 0};
    });
    correct(made, kBig5Corrections);
    return made;
  }();
  return index;
}

const EncodingIndex& eucKrIndex() {
  static const EncodingIndex index =
      makeIndex("windows-949-2000", 23940, [](unsigned p) { return std::array<unsigned, 3>{p / 190 + 0x81, p % 190 + 0x41, 0}; });
  return index;
}

const EncodingIndex& gb18030Index() {
  static const EncodingIndex index = [] {
    EncodingIndex made = makeIndex(
        "gb18030", 23940,
        [](unsigned p) { return std::array<unsigned, 3>{p / 190 + 0x81, p % 190 + (p % 190 < 0x3F ? 0x40 : 0x41), 0}; }, true);
    correct(made, kGb18030Corrections);
    return made;
  }();
  return index;
}

const EncodingIndex& jis0208Index() {
  static const EncodingIndex index = makeIndex("ibm-943_P15A-2003", 11280, [](unsigned p) {
    const unsigned lead = p / 188, trail = p % 188;
    return std::array<unsigned, 3>{lead + (lead < 0x1F ? 0x81 : 0xC1), trail + (trail < 0x3F ? 0x40 : 0x41), 0};
  });
  return index;
}

const EncodingIndex& jis0212Index() {
  static const EncodingIndex index = makeIndex("euc-jp-2007", 8836, [](unsigned p) {
    if (p >= 7708) return std::array<unsigned, 3>{};   // ICU has IBM's additions there
    return std::array<unsigned, 3>{0x8F, p / 94 + 0xA1, p % 94 + 0xA1};
  });
  return index;
}

const SingleByteIndex& singleByteIndex(const EncodingInfo& encoding) {
  static std::array<std::once_flag, std::size(kEncodings)> once;
  static std::array<SingleByteIndex, std::size(kEncodings)> indexes;
  const auto at = static_cast<std::size_t>(&encoding - kEncodings);
  std::call_once(once[at], [&] {
    SingleByteIndex& index = indexes[at];
    Converter converter(encoding.converter);
    for (unsigned byte = 0x80; byte < 0x100; ++byte) {
      const char text = static_cast<char>(byte);
      index[byte - 0x80] = static_cast<char16_t>(converter.codePoint({&text, 1}, true));
    }
    for (const Correction& one : kCorrections)
      if (one.encoding == encoding.name) index[one.byte - 0x80u] = one.codePoint;
  });
  return indexes[at];
}

std::optional<char32_t> gb18030RangesCodePoint(std::uint32_t pointer) noexcept {
  if ((pointer > 39419 && pointer < 189000) || pointer > 1237575) return std::nullopt;
  if (pointer == 7457) return U'\uE7C7';
  const Range* after = std::ranges::upper_bound(kGb18030Ranges, pointer, {}, &Range::pointer);
  const Range& range = *std::prev(after);
  return range.codePoint + (pointer - range.pointer);
}

}  // namespace weft::http::detail
