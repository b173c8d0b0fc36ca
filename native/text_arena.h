#ifndef MPROF_TEXT_ARENA_H_
#define MPROF_TEXT_ARENA_H_

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace mprof {

// Texts that never move and are never removed, one behind the other in large blocks.
class TextArena {
 public:
  // A text must not be longer than that.
  static constexpr size_t kBlock = size_t{1} << 16;

  std::string_view Add(std::string_view text) {
    if (text.size() > left_) {
      blocks_.emplace_back(new char[kBlock]);
      left_ = kBlock;
    }
    char* const place = blocks_.empty() ? nullptr : blocks_.back().get() + kBlock - left_;
    std::copy(text.begin(), text.end(), place);
    left_ -= text.size();
    return {place, text.size()};
  }

  // Memory it takes, and takes at most for so many bytes of texts of such a length.
  size_t bytes() const { return blocks_.size() * kBlock; }
  static constexpr size_t BytesFor(size_t text_bytes, size_t max_length) {
    return (text_bytes / (kBlock - max_length) + 1) * kBlock;
  }

 private:
  std::vector<std::unique_ptr<char[]>> blocks_;
  size_t left_ = 0;
};

}  // namespace mprof

#endif  // MPROF_TEXT_ARENA_H_
