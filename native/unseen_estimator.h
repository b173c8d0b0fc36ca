#ifndef MPROF_UNSEEN_ESTIMATOR_H_
#define MPROF_UNSEEN_ESTIMATOR_H_

namespace mprof {

// Says how much of what was observed to die stands for what died unseen.
//
// A window between two collections is harvested with a known probability q, so
// each object that was born in a harvested window and dead at the next harvest
// stands for (1 - q) / q objects that met the same fate in a window nobody
// harvested. This is unbiased for every bucket, whatever its objects' lifetimes,
// because an object goes unseen exactly when it is dead by the next harvest.
// How many samples went unseen in total is known exactly, from the gaps in V8's
// sample ids; the weights are steered towards that total. The steering looks at
// earlier runs only, so that it does not favour what the present run has seen.
class UnseenEstimator {
 public:
  // How many unseen samples one observed death stands for in a run that was
  // started with probability `chance`.
  double WeightOfDeath(double chance) const;

  // `count` samples turned out to have died unseen.
  void AddUnseen(double count);
  // `count` samples were attributed to buckets.
  void AddAttributed(double count) { attributed_ += count; }

  double unseen() const { return unseen_; }
  double attributed() const { return attributed_; }

 private:
  double unseen_ = 0;
  double attributed_ = 0;
  double unseen_per_gap_ = 0;
};

}  // namespace mprof

#endif  // MPROF_UNSEEN_ESTIMATOR_H_
