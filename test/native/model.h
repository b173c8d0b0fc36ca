#ifndef MPROF_TEST_MODEL_H_
#define MPROF_TEST_MODEL_H_

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

// Random operations, the same for the same seed, and what they are compared with.
class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}

  // From 0 on, below `count`.
  uint64_t Below(uint64_t count) { return engine_() % count; }
  bool Happens(double chance) {
    return static_cast<double>(engine_() >> 11) * 0x1p-53 < chance;
  }
  // Small values more often than large ones, up to so many bits.
  uint64_t Skewed(unsigned bits) {
    return engine_() >> (64 - 1 - Below(bits));
  }

 private:
  std::mt19937_64 engine_;
};

// Ends the program with code 1 unless it holds.
#define CHECK(condition)                                                \
  do {                                                                  \
    if (!(condition)) {                                                 \
      std::fprintf(stderr, "line %d: %s\n", __LINE__, #condition);      \
      std::exit(1);                                                     \
    }                                                                   \
  } while (false)

// Sums of doubles, which depend a little on the order.
inline bool Near(double a, double b) {
  return std::abs(a - b) <= 1e-9 * (std::abs(a) + std::abs(b));
}

#endif  // MPROF_TEST_MODEL_H_
