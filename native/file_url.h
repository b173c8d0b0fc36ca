#ifndef MPROF_FILE_URL_H_
#define MPROF_FILE_URL_H_

#include <optional>
#include <string>
#include <string_view>

namespace mprof {

// The path a file:// URL stands for; empty for what is no such URL, or only looks
// like one. The same as plainPaths in src/profiles/file-paths.ts for the URLs that
// Node gives ES modules.
std::optional<std::string> PathOfFileUrl(std::string_view url);

// Whether it begins as one.
bool IsFileUrl(std::string_view text);

}  // namespace mprof

#endif  // MPROF_FILE_URL_H_
