#include "unseen_estimator.h"

#include <algorithm>

namespace mprof {

namespace {

// Windows in which a difference to the exact total is to be made good.
constexpr double kWindowsToCorrect = 20;

}  // namespace

std::vector<UnseenEstimator::Change> UnseenEstimator::AddWindow(
    double chance, const std::vector<Death>& deaths) {
  windows_++;
  const double odds = (1 - chance) / chance;
  if (odds == 0 || deaths.empty()) return {};
  const double weight = odds * Correction();
  const double spread = weight * weight + odds;
  const auto t = static_cast<double>(deaths.size());

  std::unordered_map<BucketId, Change> window;
  for (const Death& death : deaths) {
    Change& change = window.try_emplace(death.bucket, Change{death.bucket, 0, 0, 0})
                         .first->second;
    change.objects += weight * death.objects;
    change.bytes += weight * death.bytes;
    evidence_[death.bucket].single += spread * death.objects * death.objects;
  }
  for (const auto& [id, change] : window) {
    const double y = change.objects / weight;
    Evidence& bucket = evidence_[id];
    bucket.objects += change.objects;
    bucket.yy += spread * y * y;
    bucket.yt += spread * y * t;
  }
  tt_ += spread * t * t;
  attributed_ += weight * t;

  // The variance of every bucket changes with what is known of all of them.
  std::vector<Change> changes;
  changes.reserve(evidence_.size());
  for (auto& [id, bucket] : evidence_) {
    const double variance = VarianceOf(bucket);
    const auto seen = window.find(id);
    changes.push_back(seen == window.end() ? Change{id, 0, 0, 0} : seen->second);
    changes.back().variance = variance - bucket.variance;
    bucket.variance = variance;
  }
  return changes;
}

double UnseenEstimator::Correction() const {
  if (unseen_ == 0) return 1;
  const double owed = unseen_ - attributed_;
  const double unseen_per_window = unseen_ / windows_;
  return std::clamp(1 + owed / (kWindowsToCorrect * unseen_per_window), 0.5, 2.0);
}

double UnseenEstimator::VarianceOf(const Evidence& bucket) const {
  // What was seen in one window stands or falls together. With y the deaths of
  // one window in this bucket, t in all of them, w what each stands for and s the
  // bucket's share: around its share of the total, the estimate varies as the sum
  // of w^2 (y - s t)^2, and what it is an estimate of as the sum of w (y - s t)^2.
  // Both vanish for a bucket that has its share in every window; as much as if its
  // deaths were independent comes from their number in any case.
  const double share = bucket.objects / attributed_;
  const double together = bucket.yy - 2 * share * bucket.yt + share * share * tt_;
  // How far the total is off is known.
  const double off = share * (unseen_ - attributed_);
  return std::max(together, bucket.single) + off * off;
}

}  // namespace mprof
