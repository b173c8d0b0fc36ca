#ifndef MPROF_HASH_H_
#define MPROF_HASH_H_

#include <cstdint>

namespace mprof {

// The finaliser of SplitMix64: every input bit reaches every output bit.
inline uint64_t Mix64(uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9u;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebu;
  x ^= x >> 31;
  return x;
}

inline uint64_t Combine64(uint64_t seed, uint64_t value) {
  return Mix64(seed + 0x9e3779b97f4a7c15u + value);
}

}  // namespace mprof

#endif  // MPROF_HASH_H_
