#ifndef MPROF_ROW_NUMBERS_H_
#define MPROF_ROW_NUMBERS_H_

#include <cstddef>
#include <cstdint>

#include "range.h"

namespace mprof {

// Gives numbers rows, in the order in which they come.
struct RowNumbers {
  // Of each number its row, plus 1; 0 for a number without.
  uint32_t* row;
  // Of each row its number.
  uint32_t* number;
  uint32_t count;

  uint32_t RowOf(uint32_t value) {
    if (row[value] == 0) {
      number[count] = value;
      row[value] = ++count;
    }
    return row[value] - 1;
  }

  // Writes the rows of some numbers to the same places of `into`, which may be `numbers`.
  void Replace(const uint32_t* numbers, Range range, uint32_t* into) {
    for (size_t i = range.from; i < range.to; i++) into[i] = RowOf(numbers[i]);
  }
};

}  // namespace mprof

#endif  // MPROF_ROW_NUMBERS_H_
