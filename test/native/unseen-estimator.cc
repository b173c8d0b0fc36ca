// unseen-estimator CHANCE WINDOWS: lets samples of five kinds of functions go unseen, except in so many windows, each of
// which is observed with that chance, and prints what is estimated of them: over many repetitions, whose random numbers
// are the same in every run. JSON.

#include "../../native/unseen_estimator.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

namespace {

constexpr int kFunctions = 5;
constexpr int kRepetitions = 2000;
using Counts = std::array<double, kFunctions>;

class Program {
 public:
  explicit Program(unsigned seed) : random_(seed) {}

  bool Happens(double chance) {
    return std::uniform_real_distribution<double>()(random_) < chance;
  }

  // What dies young of one window: always about the same, in bursts, seldom, and of two functions that are busy together.
  Counts Window() {
    const bool busy = Happens(0.3);
    return {Poisson(20), Happens(0.1) ? Poisson(50) : 0, Poisson(0.2), busy ? 60.0 : 2.0, busy ? 30.0 : 1.0};
  }

 private:
  double Poisson(double mean) { return std::poisson_distribution<int>(mean)(random_); }

  std::mt19937_64 random_;
};

}  // namespace

int main(int, char** argv) {
  const double chance = std::atof(argv[1]);
  const int windows = std::atoi(argv[2]);
  Counts true_sums = {}, estimated_sums = {}, covered = {};
  double off = 0;
  bool never_falls = true;
  for (int repetition = 0; repetition < kRepetitions; repetition++) {
    Program program(static_cast<unsigned>(repetition));
    mprof::UnseenEstimator estimator;
    Counts truth = {}, estimate = {}, variance = {};
    for (int window = 0; window < windows; window++) {
      while (!program.Happens(chance)) {
        const Counts counts = program.Window();
        for (int i = 0; i < kFunctions; i++) {
          truth[i] += counts[i];
          estimator.AddUnseen(counts[i]);
        }
      }
      std::vector<mprof::UnseenEstimator::Death> deaths;
      const Counts counts = program.Window();
      for (int i = 0; i < kFunctions; i++) {
        deaths.insert(deaths.end(), static_cast<size_t>(counts[i]),
                      {static_cast<mprof::BucketId>(i), 1, 64});
      }
      for (const auto& change : estimator.AddWindow(chance, deaths)) {
        // Written so that it fails for NaN, too.
        if (!(change.objects >= 0 && change.bytes == 64 * change.objects)) never_falls = false;
        estimate[change.bucket] += change.objects;
        variance[change.bucket] += change.variance;
      }
    }
    for (int i = 0; i < kFunctions; i++) {
      true_sums[i] += truth[i];
      estimated_sums[i] += estimate[i];
      if (std::abs(estimate[i] - truth[i]) <= 2 * std::sqrt(variance[i])) covered[i]++;
    }
    off += std::abs(estimator.attributed() / estimator.unseen() - 1) / kRepetitions;
  }
  std::printf("{\"off\": %.4f, \"neverFalls\": %s, \"functions\": [", off,
              never_falls ? "true" : "false");
  for (int i = 0; i < kFunctions; i++) {
    std::printf("%s{\"ratio\": %.4f, \"covered\": %.4f}", i == 0 ? "" : ", ",
                estimated_sums[i] / true_sums[i], covered[i] / kRepetitions);
  }
  std::printf("]}\n");
}
