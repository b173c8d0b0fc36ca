// atomics-waiters SEED OPERATIONS: waits begin, end and are notified at random, and a list says what has to come of it.
// Then all of that from several threads at once. Prints what was notified. JSON.

#include "../../native/atomics_waiters.h"

#include <algorithm>
#include <thread>
#include <vector>

#include "model.h"

namespace {

using mprof::AtomicsWaiters;

const char places[8] = {};
const int owners[4] = {};

struct Waiting {
  uint64_t ticket;
  const void* address;
  AtomicsWaiters::Wait wait;
};

class Model {
 public:
  void Begin(uint64_t ticket, const void* address, const AtomicsWaiters::Wait& wait) {
    waiting_.push_back({ticket, address, wait});
  }
  template <typename Condition>
  void Drop(Condition condition) {
    waiting_.erase(std::remove_if(waiting_.begin(), waiting_.end(), condition), waiting_.end());
  }
  int64_t Notify(const void* address, uint32_t count, int64_t now) {
    Drop([&](const Waiting& one) { return one.address == address && one.wait.expires < now; });
    int64_t nanos = 0;
    for (auto one = waiting_.begin(); one != waiting_.end() && count > 0;) {
      if (one->address != address) {
        ++one;
        continue;
      }
      nanos += now - one->wait.since;
      count--;
      one = waiting_.erase(one);
    }
    return nanos;
  }
  const std::vector<Waiting>& waiting() const { return waiting_; }

 private:
  std::vector<Waiting> waiting_;
};

struct Notified {
  uint64_t times = 0;
  int64_t nanos = 0;
};

Notified Run(Random& random, uint64_t operations) {
  AtomicsWaiters waiters;
  Model model;
  Notified notified;
  int64_t now = 0;
  for (uint64_t i = 0; i < operations; i++) {
    now += static_cast<int64_t>(random.Below(100));
    const void* const address = &places[random.Below(8)];
    const void* const owner = &owners[random.Below(4)];
    if (random.Happens(0.5)) {
      const int64_t timeout = random.Happens(0.2) ? 50 : 1'000'000;
      const AtomicsWaiters::Wait wait = {now, now + timeout, owner};
      const uint64_t ticket = waiters.Begin(address, wait);
      CHECK(ticket != 0);
      model.Begin(ticket, address, wait);
    } else if (random.Happens(0.4) && !model.waiting().empty()) {
      const Waiting ended = model.waiting()[random.Below(model.waiting().size())];
      waiters.End(ended.address, ended.ticket);
      model.Drop([&](const Waiting& one) { return one.ticket == ended.ticket; });
    } else if (random.Happens(0.02)) {
      waiters.EndAllOf(owner);
      model.Drop([&](const Waiting& one) { return one.wait.owner == owner; });
    } else if (random.Happens(0.1)) {
      // Of nothing that is under way, at an address or at none.
      waiters.End(address, 1'000'000'000 + i);
    } else {
      const auto count = static_cast<uint32_t>(random.Happens(0.1) ? UINT32_MAX : random.Below(3));
      const int64_t nanos = waiters.Notify(address, count, now);
      CHECK(nanos == model.Notify(address, count, now));
      notified.times++;
      notified.nanos += nanos;
    }
  }
  return notified;
}

// How many waits there is room for: all of them, once nothing is under way.
void CheckRoom(AtomicsWaiters& waiters) {
  for (size_t i = 0; i < AtomicsWaiters::kMaxWaiters; i++) {
    CHECK(waiters.Begin(&places[i % 8], {1000, i % 2 == 0 ? 2000 : 5'000'000'000, &owners[0]}) != 0);
  }
  CHECK(waiters.Begin(&places[0], {1500, 3000, &owners[0]}) == 0);
  // Half of them have ended by themselves: found at the next search, a second after the last one.
  CHECK(waiters.Begin(&places[0], {1'000'003'000, 2'000'000'000, &owners[1]}) != 0);
  for (size_t i = 1; i < AtomicsWaiters::kMaxWaiters / 2; i++) {
    CHECK(waiters.Begin(&places[0], {1'000'003'000, 2'000'000'000, &owners[1]}) != 0);
  }
  CHECK(waiters.Begin(&places[0], {1'000'003'000, 2'000'000'000, &owners[1]}) == 0);
  for (const int& owner : owners) waiters.EndAllOf(&owner);
}

// Whatever interleaves, nothing is lost and nothing is left.
void RunThreads(uint64_t seed) {
  AtomicsWaiters waiters;
  std::vector<std::thread> threads;
  for (int number = 0; number < 4; number++) {
    threads.emplace_back([&waiters, seed, number] {
      Random random(seed + static_cast<uint64_t>(number) + 1);
      for (int64_t now = 0; now < 20'000; now++) {
        const void* const address = &places[random.Below(8)];
        const uint64_t ticket = waiters.Begin(address, {now, now + 10, &owners[number]});
        if (random.Happens(0.5)) waiters.End(address, ticket);
        CHECK(waiters.Notify(&places[random.Below(8)], 1, 1'000'000) == 0);
        if (random.Happens(0.01)) waiters.EndAllOf(&owners[number]);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int& owner : owners) waiters.EndAllOf(&owner);
  CheckRoom(waiters);
}

}  // namespace

int main(int, char** argv) {
  const uint64_t seed = std::strtoull(argv[1], nullptr, 10);
  Random random(seed);
  Notified notified;
  const uint64_t operations = std::strtoull(argv[2], nullptr, 10);
  for (uint64_t done = 0; done < operations; done += 10'000) {
    const Notified more = Run(random, 10'000);
    notified.times += more.times;
    notified.nanos += more.nanos;
  }
  RunThreads(seed);
  std::printf("{\"times\": %llu, \"nanos\": %lld}\n", static_cast<unsigned long long>(notified.times),
              static_cast<long long>(notified.nanos));
}
