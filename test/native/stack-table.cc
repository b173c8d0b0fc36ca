// stack-table SEED OPERATIONS: interns random frames and stacks in a table of random limits, compares it with a list
// after each one, and prints how many it has refused. JSON.

#include "../../native/stack_table.h"

#include <map>
#include <optional>
#include <tuple>
#include <vector>

#include "model.h"

namespace {

using mprof::FrameId;
using mprof::Position;
using mprof::StackId;
using mprof::StackTable;

using Key = std::tuple<std::string, std::string, uint32_t, uint32_t, uint32_t>;

// What the table has to do, in the plainest way.
class Model {
 public:
  explicit Model(const StackTable::Limits& limits) : limits_(limits) { strings_[""] = 0; }

  std::optional<FrameId> InternFrame(const Key& key) {
    const auto known = frames_.find(key);
    if (known != frames_.end()) return known->second;
    if (frames_.size() >= limits_.frames) return std::nullopt;
    if (!Intern(std::get<0>(key)) || !Intern(std::get<1>(key))) return std::nullopt;
    const auto id = static_cast<FrameId>(frames_.size());
    frames_[key] = id;
    return id;
  }

  bool InternLabels(const std::string& text) {
    if (text.size() > StackTable::kMaxStringLength) return false;
    if (strings_.count(text) != 0) return true;
    if (label_bytes_ + text.size() > limits_.label_bytes || !Intern(text)) return false;
    label_bytes_ += text.size();
    return true;
  }

  std::optional<StackId> Extend(StackId caller, FrameId frame) {
    const auto known = nodes_.find({caller, frame});
    if (known != nodes_.end()) return known->second;
    if (nodes_.size() + 1 >= limits_.nodes) return std::nullopt;
    const auto id = static_cast<StackId>(nodes_.size() + 1);
    nodes_[{caller, frame}] = id;
    return id;
  }

  size_t strings() const { return strings_.size(); }
  size_t string_bytes() const { return string_bytes_; }
  size_t frames() const { return frames_.size(); }
  size_t nodes() const { return nodes_.size() + 1; }

 private:
  bool Intern(const std::string& text) {
    if (strings_.count(text) != 0) return true;
    if (string_bytes_ + text.size() > limits_.string_bytes || strings_.size() >= limits_.strings) return false;
    strings_.emplace(text, strings_.size());
    string_bytes_ += text.size();
    return true;
  }

  const StackTable::Limits limits_;
  std::map<std::string, size_t> strings_;
  size_t string_bytes_ = 0;
  size_t label_bytes_ = 0;
  std::map<Key, FrameId> frames_;
  std::map<std::pair<StackId, FrameId>, StackId> nodes_;
};

// Whole characters, of one byte to four, and as many of them as fit.
struct Text {
  std::string full;
  std::string cut;
};

Text RandomText(Random& random) {
  static const char* const kCharacters[] = {"a", "b", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x90\x98"};
  const size_t length = random.Happens(0.02) ? 4000 + random.Below(200) : random.Below(4);
  Text text;
  bool fits = true;
  for (size_t i = 0; i < length; i++) {
    const std::string character = kCharacters[random.Below(5)];
    text.full += character;
    fits = fits && text.cut.size() + character.size() <= StackTable::kMaxStringLength;
    if (fits) text.cut += character;
  }
  return text;
}

uint32_t RandomNumber(Random& random) {
  return static_cast<uint32_t>(random.Happens(0.1) ? random.Skewed(32) : random.Below(3));
}

struct Refused {
  uint64_t frames = 0;
  uint64_t stacks = 0;
  uint64_t labels = 0;
};

void CheckFrame(const StackTable& table, FrameId id, const Key& key, std::map<Key, uint64_t>& addresses) {
  const mprof::Frame& frame = table.frame(id);
  CHECK(table.string(frame.name) == std::get<0>(key));
  CHECK(table.string(frame.file) == std::get<1>(key));
  CHECK((frame.position == Position{std::get<2>(key), std::get<3>(key), std::get<4>(key)}));
  CHECK(frame.address != 0 && frame.address % 2 == 0 && frame.address >> 48 == 0);
  // Those of other tables included.
  CHECK(addresses.emplace(key, frame.address).first->second == frame.address);
}

Refused Run(Random& random, uint64_t operations, std::map<Key, uint64_t>& addresses) {
  StackTable::Limits limits;
  limits.string_bytes = random.Below(20'000);
  limits.strings = 1 + random.Below(500);
  limits.label_bytes = random.Below(5'000);
  limits.frames = random.Below(400);
  limits.nodes = 1 + random.Below(1000);
  StackTable table(limits);
  Model model(limits);
  Refused refused;
  std::vector<std::vector<FrameId>> paths = {{}};  // by stack
  for (uint64_t i = 0; i < operations; i++) {
    if (random.Happens(0.1)) {
      const std::string text = "{" + RandomText(random).full + "}";
      const std::optional<mprof::StringId> id = table.InternLabels(text);
      CHECK(id.has_value() == model.InternLabels(text));
      if (id) CHECK(table.string(*id) == text);
      if (!id) refused.labels++;
    } else if (table.frame_count() == 0 || random.Happens(0.5)) {
      const Text name = RandomText(random);
      const Text file = RandomText(random);
      const Position position = {RandomNumber(random), RandomNumber(random), RandomNumber(random)};
      const Key key = {name.cut, file.cut, position.line, position.column, position.start_line};
      const std::optional<FrameId> id = table.InternFrame(name.full, file.full, position);
      CHECK(id == model.InternFrame(key));
      if (id) CheckFrame(table, *id, key, addresses);
      if (!id) refused.frames++;
    } else {
      const auto caller = static_cast<StackId>(random.Below(paths.size()));
      const auto frame = static_cast<FrameId>(random.Below(table.frame_count()));
      const std::optional<StackId> id = table.Extend(caller, frame);
      CHECK(id == model.Extend(caller, frame));
      if (id && *id == paths.size()) {
        paths.push_back(paths[caller]);
        paths.back().push_back(frame);
      }
      if (!id) refused.stacks++;
    }
    CHECK(table.string_count() == model.strings() && table.string_bytes() == model.string_bytes());
    CHECK(table.frame_count() == model.frames() && table.node_count() == model.nodes());
  }
  for (size_t i = 0; i < paths.size(); i++) {
    auto stack = static_cast<StackId>(i);
    CHECK(table.DepthOf(stack) == paths[i].size());
    for (auto frame = paths[i].rbegin(); frame != paths[i].rend(); ++frame) {
      CHECK(table.LeafOf(stack) == *frame);
      stack = table.CallerOf(stack);
    }
    CHECK(stack == StackTable::kRoot);
  }
  return refused;
}

}  // namespace

int main(int, char** argv) {
  Random random(std::strtoull(argv[1], nullptr, 10));
  const uint64_t operations = std::strtoull(argv[2], nullptr, 10);
  std::map<Key, uint64_t> addresses;
  Refused refused;
  for (uint64_t done = 0; done < operations; done += 2000) {
    const Refused more = Run(random, 2000, addresses);
    refused.frames += more.frames;
    refused.stacks += more.stacks;
    refused.labels += more.labels;
  }
  std::printf("{\"frames\": %zu, \"refusedFrames\": %llu, \"refusedStacks\": %llu, \"refusedLabels\": %llu}\n",
              addresses.size(), static_cast<unsigned long long>(refused.frames),
              static_cast<unsigned long long>(refused.stacks), static_cast<unsigned long long>(refused.labels));
}
