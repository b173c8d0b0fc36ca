#ifndef MPROF_UNSEEN_ESTIMATOR_H_
#define MPROF_UNSEEN_ESTIMATOR_H_

#include <cstddef>

namespace mprof {

// Says how much of what was observed to die stands for what died unseen.
//
// A window between two collections is harvested with a probability q that is
// known beforehand. An object goes unseen exactly when its window is not
// harvested and it is dead by the next harvest. So whatever was born in a
// harvested window and is dead by the next harvest stands for (1 - q) / q
// objects that went unseen, in each bucket and whatever the lifetimes.
//
// How many samples went unseen altogether is known exactly, from the gaps in
// V8's sample ids. The weights are scaled to that total: by the ratio of the
// means of both over many runs, not run by run, because that would let a window
// with few samples weigh as much as one with many.
class UnseenEstimator {
 public:
  // `count` samples turned out to have died unseen.
  void AddUnseen(double count);

  // A run that was started with probability `chance` is over; `deaths` samples
  // of its last window have died since. Returns how many unseen samples each of
  // them stands for, which from then on count as attributed.
  double Attribute(double chance, double deaths);

  double unseen() const { return unseen_; }
  double attributed() const { return attributed_; }

 private:
  double unseen_ = 0;
  double attributed_ = 0;
  double unseen_at_last_run_ = 0;
  size_t runs_ = 0;
  // Means per run: samples gone unseen, and what the deaths stand for unscaled.
  double mean_gap_ = 0;
  double mean_weight_ = 0;
};

}  // namespace mprof

#endif  // MPROF_UNSEEN_ESTIMATOR_H_
