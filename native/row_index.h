#ifndef MPROF_ROW_INDEX_H_
#define MPROF_ROW_INDEX_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace mprof {

// Finds rows of a table by what is in them, in four to eight bytes a row: of a row
// it has the number alone. Rows are never removed.
class RowIndex {
 public:
  // The row with this hash for which is_it(row) holds.
  template <typename IsIt>
  std::optional<uint32_t> Find(size_t hash, IsIt is_it) const {
    if (slots_.empty()) return std::nullopt;
    const size_t mask = slots_.size() - 1;
    for (size_t i = hash & mask; slots_[i] != kFree; i = (i + 1) & mask) {
      if (is_it(slots_[i])) return slots_[i];
    }
    return std::nullopt;
  }

  // Adds a row that is not there; hash_of(row) gives the hash of any that is.
  template <typename HashOf>
  void Add(size_t hash, uint32_t row, HashOf hash_of) {
    if (SlotsFor(rows_ + 1) > slots_.size()) {
      std::vector<uint32_t> old(SlotsFor(rows_ + 1), kFree);
      old.swap(slots_);
      for (const uint32_t known : old) {
        if (known != kFree) Put(hash_of(known), known);
      }
    }
    Put(hash, row);
    rows_++;
  }

  // Memory it takes, and would take for so many rows: while it grows, half as much
  // again.
  size_t bytes() const { return slots_.size() * sizeof(uint32_t); }
  static constexpr size_t BytesFor(size_t rows) { return SlotsFor(rows) * sizeof(uint32_t); }

 private:
  static constexpr uint32_t kFree = UINT32_MAX;
  static constexpr size_t kFewest = 64;

  // A power of two, of which three quarters are used at the most.
  static constexpr size_t SlotsFor(size_t rows) {
    size_t slots = kFewest;
    while (slots / 4 * 3 < rows) slots *= 2;
    return slots;
  }

  void Put(size_t hash, uint32_t row) {
    const size_t mask = slots_.size() - 1;
    size_t i = hash & mask;
    while (slots_[i] != kFree) i = (i + 1) & mask;
    slots_[i] = row;
  }

  std::vector<uint32_t> slots_;
  size_t rows_ = 0;
};

}  // namespace mprof

#endif  // MPROF_ROW_INDEX_H_
