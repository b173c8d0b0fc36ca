#ifndef MPROF_SHARED_SETTINGS_H_
#define MPROF_SHARED_SETTINGS_H_

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace mprof {

// What the threads that profile together are set to: for each setting, what it is called
// and bytes, which their JavaScript understands. Of two changes of one at the same time
// the later one here holds for all.
class SharedSettings {
 public:
  struct Setting {
    // Larger than those of all earlier changes.
    uint64_t version = 0;
    std::string name;
    std::string value;
  };

  static SharedSettings& Process();

  SharedSettings() = default;
  SharedSettings(const SharedSettings&) = delete;
  SharedSettings& operator=(const SharedSettings&) = delete;

  void Publish(const std::string& name, std::string value);
  // Settings that have changed after that version, in the order of their versions.
  std::vector<Setting> Since(uint64_t version);

 private:
  std::mutex mutex_;
  uint64_t last_version_ = 0;
  // One of each name, in the order of their versions.
  std::vector<Setting> settings_;
};

}  // namespace mprof

#endif  // MPROF_SHARED_SETTINGS_H_
