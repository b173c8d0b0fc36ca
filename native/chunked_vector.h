#ifndef MPROF_CHUNKED_VECTOR_H_
#define MPROF_CHUNKED_VECTOR_H_

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace mprof {

// Rows that never move and are never removed: it grows by a chunk at a time, so that
// nothing is ever copied, and no more than a chunk is in reserve.
template <typename T>
class ChunkedVector {
 public:
  static constexpr size_t kChunk = 1024;

  size_t size() const { return size_; }
  T& operator[](size_t row) { return chunks_[row / kChunk][row % kChunk]; }
  const T& operator[](size_t row) const { return chunks_[row / kChunk][row % kChunk]; }
  const T& back() const { return (*this)[size_ - 1]; }

  void push_back(T value) {
    if (size_ == chunks_.size() * kChunk) chunks_.emplace_back(new T[kChunk]());
    chunks_.back()[size_++ % kChunk] = std::move(value);
  }

  // Memory it takes, and would take for so many rows.
  size_t bytes() const { return chunks_.size() * kChunk * sizeof(T); }
  static constexpr size_t BytesFor(size_t rows) {
    return (rows + kChunk - 1) / kChunk * kChunk * sizeof(T);
  }

 private:
  std::vector<std::unique_ptr<T[]>> chunks_;
  size_t size_ = 0;
};

}  // namespace mprof

#endif  // MPROF_CHUNKED_VECTOR_H_
