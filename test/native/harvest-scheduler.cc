// Prints, for each phase of a thread's life, the share of its CPU time that harvests took and the share of collections
// that were harvested, as JSON. The arguments are budget and phases: CPU seconds, CPU milliseconds between two
// collections, and CPU milliseconds that a harvest costs.

#include "../../native/harvest_scheduler.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
  mprof::HarvestScheduler scheduler(std::atof(argv[1]), 1, 0);
  int64_t now = 0;
  for (int phase = 2; phase + 2 < argc; phase += 3) {
    const int64_t begin = now;
    const auto end = begin + static_cast<int64_t>(std::atof(argv[phase]) * 1e9);
    const auto interval = static_cast<int64_t>(std::atof(argv[phase + 1]) * 1e6);
    const auto cost = static_cast<int64_t>(std::atof(argv[phase + 2]) * 1e6);
    int64_t spent = 0, collections = 0, harvests = 0;
    while (now < end) {
      now += interval;
      collections++;
      if (!scheduler.Next(now)) continue;
      now += cost;
      spent += cost;
      harvests++;
      scheduler.Spent(cost);
    }
    std::printf("%s{\"spent\": %.6f, \"harvested\": %.6f}", phase == 2 ? "[" : ", ",
                static_cast<double>(spent) / static_cast<double>(now - begin),
                static_cast<double>(harvests) / static_cast<double>(collections));
  }
  std::printf("]\n");
}
