#include "cpu_profile_reader.h"

#include <cstring>
#include <random>
#include <utility>

#include "hash.h"
#include "one_based.h"
#include "v8-script.h"

namespace mprof {

namespace {

using CpuNode = v8::CpuProfileNode;

// Frames kept of each stack, counted from the leaf.
constexpr size_t kMaxDepth = 128;

bool HasScript(const CpuNode* function) {
  return function->GetScriptId() != v8::UnboundScript::kNoScriptId;
}

// From which line of `caller` the node `call` is called, whose function is `callee`.
int CallLine(const CpuNode* caller, const CpuNode* callee, const CpuNode* call) {
  if (!HasScript(caller)) return 0;
  const int line = call->GetLineNumber();
  // Where V8 does not know the line, it says that of the callee instead.
  const bool unknown = line == callee->GetLineNumber() &&
                       (callee->GetScriptId() != caller->GetScriptId() ||
                        line < caller->GetLineNumber());
  return unknown ? caller->GetLineNumber() : line;
}

// Since V8 14, a line tick has a column.
template <typename LineTick>
auto ColumnOf(const LineTick& tick, int) -> decltype(tick.column) {
  return tick.column;
}
template <typename LineTick>
int ColumnOf(const LineTick&, ...) {
  return 0;
}

}  // namespace

CpuProfileReader::CpuProfileReader(
    const std::unordered_set<std::string_view>& ambiguous_names, CpuColumns* columns)
    : ambiguous_names_(ambiguous_names),
      columns_(columns),
      table_(StackTable::Limits()),
      // There is room: nothing else is in the table.
      overflow_(*table_.InternFrame("(overflow)", "", {0, 0, 0})),
      random_(std::random_device()()) {
  columns_->stack_start.push_back(0);
}

bool CpuProfileReader::IsIdle(const CpuNode* function) {
  return !HasScript(function) &&
         std::strcmp(function->GetFunctionNameStr(), "(idle)") == 0;
}

uint32_t CpuProfileReader::Read(const CpuNode* function, const CpuNode* call) {
  const Step step = {function, call};
  auto known = leaves_.find(call);
  if (known == leaves_.end()) known = leaves_.emplace(call, ReadLeaf(step)).first;
  Leaf& leaf = known->second;
  Line line = {HasScript(function) ? function->GetLineNumber() : 0, 0};
  if (!leaf.lines.empty()) {
    std::swap(leaf.lines[RandomBelow(leaf.lines.size())], leaf.lines.back());
    line = leaf.lines.back();
    leaf.lines.pop_back();
  }
  const FrameId frame = FrameOf(function, line);
  for (const LeafStack& stack : leaf.stacks) {
    if (stack.frame == frame) return stack.row;
  }
  leaf.stacks.push_back({frame, AddStack(frame, step)});
  return leaf.stacks.back().row;
}

CpuProfileReader::Leaf CpuProfileReader::ReadLeaf(const Step& step) {
  const auto& [function, call] = step;
  Leaf leaf;
  std::vector<CpuNode::LineTick> ticks(HasScript(function) ? call->GetHitLineCount() : 0);
  if (!ticks.empty() &&
      call->GetLineTicks(ticks.data(), static_cast<unsigned>(ticks.size()))) {
    for (const CpuNode::LineTick& tick : ticks) {
      leaf.lines.insert(leaf.lines.end(), tick.hit_count,
                        {tick.line, ColumnOf(tick, 0)});
    }
  }
  return leaf;
}

uint32_t CpuProfileReader::AddStack(FrameId leaf, const Step& step) {
  std::vector<uint32_t>& frames = columns_->stack_frames;
  const size_t start = frames.size();
  frames.push_back(leaf);
  for (uint32_t caller = CallersOf(step);
       caller != 0 && frames.size() - start < kMaxDepth;
       caller = callers_[caller].callers) {
    frames.push_back(callers_[caller].frame);
  }
  columns_->stack_start.push_back(static_cast<uint32_t>(frames.size()));
  return static_cast<uint32_t>(columns_->stack_start.size() - 2);
}

uint32_t CpuProfileReader::CallersOf(const Step& step) {
  // Up to a node that has been met before, or to one without callers, which is below
  // V8's root.
  std::vector<Step> path;
  uint32_t callers = 0;
  for (Step callee = step;;) {
    const auto known = callers_of_.find(callee.call);
    if (known != callers_of_.end()) {
      callers = known->second;
      break;
    }
    const CpuNode* const caller = callee.function->GetParent();
    if (caller == nullptr || caller->GetParent() == nullptr) break;
    path.push_back(callee);
    callee = {caller, callee.call->GetParent()};
  }
  for (; !path.empty(); path.pop_back()) {
    const auto& [function, call] = path.back();
    const CpuNode* const caller = function->GetParent();
    const FrameId frame = FrameOf(caller, {CallLine(caller, function, call), 0});
    callers_.push_back({frame, callers});
    callers = static_cast<uint32_t>(callers_.size() - 1);
    callers_of_.emplace(call, callers);
  }
  return callers;
}

FrameId CpuProfileReader::FrameOf(const CpuNode* function, const Line& line) {
  const FrameKey key = {
      function->GetFunctionNameStr(),
      function->GetScriptResourceNameStr(),
      {OneBased(line.line), OneBased(line.column),
       HasScript(function) ? OneBased(function->GetLineNumber()) : 0,
       HasScript(function) ? OneBased(function->GetColumnNumber()) : 0}};
  const auto [entry, is_new] = frames_.try_emplace(key, overflow_);
  if (is_new) {
    entry->second = table_.InternFrame(NameOf(function), key.file, key.position)
                        .value_or(overflow_);
  }
  return entry->second;
}

std::string_view CpuProfileReader::NameOf(const CpuNode* function) const {
  const std::string_view name = function->GetFunctionNameStr();
  if (name.empty()) return "(anonymous)";
  if (function->GetSourceType() == CpuNode::kCallback && ambiguous_names_.count(name) != 0) {
    return "(addon)";
  }
  return name;
}

size_t CpuProfileReader::FrameKeyHash::operator()(const FrameKey& key) const {
  const Position& position = key.position;
  const uint64_t place = (uint64_t{position.line} << 32) | position.column;
  const uint64_t names = Combine64(reinterpret_cast<uintptr_t>(key.name),
                                   reinterpret_cast<uintptr_t>(key.file));
  const uint64_t start = (uint64_t{position.start_line} << 32) | position.start_column;
  return static_cast<size_t>(Combine64(Combine64(names, place), start));
}

size_t CpuProfileReader::RandomBelow(size_t end) {
  random_ = Mix64(random_ + 0x9e3779b97f4a7c15u);
  return static_cast<size_t>(random_ % end);
}

void CpuProfileReader::Finish() { CopyFrames(table_, columns_); }

}  // namespace mprof
