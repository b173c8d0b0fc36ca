#include "file_url.h"

namespace mprof {

namespace {

constexpr std::string_view kScheme = "file:///";

// -1 for what is no hexadecimal digit.
int DigitOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

bool IsFileUrl(std::string_view text) { return text.substr(0, 7) == "file://"; }

std::optional<std::string> PathOfFileUrl(std::string_view url) {
#ifdef _WIN32
  // Drives and shares: left as they are.
  return std::nullopt;
#endif
  if (url.substr(0, kScheme.size()) != kScheme) return std::nullopt;
  url = url.substr(kScheme.size() - 1);
  url = url.substr(0, url.find_first_of("?#"));
  std::string path;
  for (size_t i = 0; i < url.size(); i++) {
    if (url[i] != '%') {
      path.push_back(url[i]);
      continue;
    }
    const int high = i + 1 < url.size() ? DigitOf(url[i + 1]) : -1;
    const int low = i + 2 < url.size() ? DigitOf(url[i + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    const char c = static_cast<char>(high * 16 + low);
    // Not a name that a file can have.
    if (c == '/') return std::nullopt;
    path.push_back(c);
    i += 2;
  }
  return path;
}

}  // namespace mprof
