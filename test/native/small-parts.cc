// small-parts SEED OPERATIONS: the hash and the log of collections, compared with what defines them. Prints the largest
// share by which a bit of the hash is off. JSON.

#include <algorithm>
#include <vector>

#include "../../native/gc_log.h"
#include "../../native/hash.h"
#include "model.h"

namespace {

// Undoes x ^= x >> shift.
uint64_t UnShift(uint64_t x, unsigned shift) {
  uint64_t result = x;
  for (unsigned done = shift; done < 64; done += shift) result = x ^ (result >> shift);
  return result;
}

// The factor that undoes a multiplication by an odd one: each step of Newton's doubles the bits that are right.
uint64_t Inverse(uint64_t factor) {
  uint64_t inverse = factor;
  for (int i = 0; i < 6; i++) inverse *= 2 - factor * inverse;
  return inverse;
}

// Mix64 backwards. That there is such a function means that no two inputs have the same hash.
uint64_t Unmix(uint64_t x) {
  x = UnShift(x, 31) * Inverse(0x94d049bb133111ebu);
  x = UnShift(x, 27) * Inverse(0xbf58476d1ce4e5b9u);
  return UnShift(x, 30);
}

// By how much the chance that a bit of the input changes one of the output is off a half, at most.
double CheckHash(Random& random, uint64_t operations) {
  std::vector<uint64_t> changed(size_t{64} * 64);
  for (uint64_t i = 0; i < operations; i++) {
    const uint64_t x = i % 2 == 0 ? random.Below(UINT64_MAX) : i;
    const uint64_t mixed = mprof::Mix64(x);
    CHECK(Unmix(mixed) == x);
    for (unsigned in = 0; in < 64; in++) {
      const uint64_t difference = mixed ^ mprof::Mix64(x ^ (uint64_t{1} << in));
      for (unsigned out = 0; out < 64; out++) changed[size_t{64} * in + out] += (difference >> out) & 1;
    }
    CHECK(mprof::Combine64(x, 1) != mprof::Combine64(x, 2));
  }
  double off = 0;
  for (const uint64_t count : changed) {
    off = std::max(off, std::abs(static_cast<double>(count) / static_cast<double>(operations) - 0.5));
  }
  return off;
}

void CheckGcLog(Random& random, uint64_t operations) {
  using mprof::GcLog;
  GcLog log;
  std::vector<int64_t> pauses, ends;
  uint64_t forced = 0;
  int64_t total = 0, now = 0;
  for (uint64_t i = 0; i < operations; i++) {
    const auto pause = static_cast<int64_t>(random.Skewed(30));
    const bool force = random.Happens(0.3);
    log.Begin(now);
    now += pause;
    log.End(now, now + 1000, force);
    pauses.push_back(pause);
    ends.push_back(now + 1000);
    total += pause;
    forced += force ? 1 : 0;
    CHECK(log.collections() == pauses.size() && log.forced() == forced && log.total_pause_nanos() == total);
    if (i % 97 != 0 && i > 600) continue;
    for (size_t age = 0; age < GcLog::kPauses; age++) {
      // As Go's documentation has it; places that were never filled are 0.
      const size_t place = (pauses.size() + 255 - age) % 256;
      const bool filled = age < pauses.size();
      CHECK(log.pause_nanos()[place] == (filled ? pauses[pauses.size() - 1 - age] : 0));
      CHECK(log.pause_end()[place] == (filled ? ends[ends.size() - 1 - age] : 0));
    }
  }
}

}  // namespace

int main(int, char** argv) {
  Random random(std::strtoull(argv[1], nullptr, 10));
  const uint64_t operations = std::strtoull(argv[2], nullptr, 10);
  const double off = CheckHash(random, operations);
  CheckGcLog(random, operations);
  std::printf("{\"off\": %.4f}\n", off);
}
