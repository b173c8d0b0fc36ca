#ifndef MPROF_UNSEEN_ESTIMATOR_H_
#define MPROF_UNSEEN_ESTIMATOR_H_

#include <cstddef>
#include <unordered_map>
#include <vector>

#include "bucket_table.h"

namespace mprof {

// Attributes the samples that died unseen to buckets.
//
// A window between two collections is harvested with a probability q that is
// known beforehand. An object goes unseen exactly when its window is not
// harvested and it is dead by the next harvest. So whatever was born in a
// harvested window and is dead by the next harvest stands for (1 - q) / q
// objects that went unseen, in each bucket and whatever the lifetimes: Horvitz
// and Thompson's estimator, which is unbiased however few the windows are and
// however they differ.
//
// How many samples went unseen altogether is known exactly, from the gaps in
// V8's sample ids. The weights lean towards that total, by a factor that is
// fixed before a window is looked at and so leaves it unbiased. To scale them to
// the total as it is known at each moment would favour whatever is in every
// window over what comes in bursts: counts that must not fall cannot be taken
// back when the burst is seen.
class UnseenEstimator {
 public:
  // A sample of an observed window that has died, as its bucket counts it.
  struct Death {
    BucketId bucket;
    double objects;
    double bytes;
  };
  // By how much the unseen counts of a bucket grow, and their variance changes.
  struct Change {
    BucketId bucket;
    double objects;
    double bytes;
    double variance;
  };

  // `count` samples turned out to have died unseen.
  void AddUnseen(double count) { unseen_ += count; }

  // These died of a window that had been chosen with probability `chance`.
  std::vector<Change> AddWindow(double chance, const std::vector<Death>& deaths);

  double unseen() const { return unseen_; }
  // Memory it takes: each row is allocated by itself, in a list, and has up to two
  // places in an index.
  size_t bytes() const {
    return evidence_.size() * (sizeof(decltype(evidence_)::value_type) + 5 * sizeof(void*));
  }
  double attributed() const { return attributed_; }

 private:
  // What the windows say of a bucket.
  struct Evidence {
    // What its deaths stand for.
    double objects = 0;
    // Sums over the windows for the variance, see there.
    double yy = 0;
    double yt = 0;
    double single = 0;
    // As made known so far.
    double variance = 0;
  };

  double Correction() const;
  double VarianceOf(const Evidence& bucket) const;

  std::unordered_map<BucketId, Evidence> evidence_;
  double windows_ = 0;
  double tt_ = 0;
  double unseen_ = 0;
  double attributed_ = 0;
};

}  // namespace mprof

#endif  // MPROF_UNSEEN_ESTIMATOR_H_
