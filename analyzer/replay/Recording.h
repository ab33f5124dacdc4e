// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is known of one recording: the tables that ids of a replay index, and facts about the recording as a whole.
// Replay fills it while it runs; analyses and reports read it.
#ifndef UNDERLOCK_ANALYZER_REPLAY_RECORDING_H
#define UNDERLOCK_ANALYZER_REPLAY_RECORDING_H

#include "analyzer/replay/Events.h"
#include <optional>
#include <string>
#include <vector>

namespace underlock {

// A mapped binary of the recorded program.
struct Image {
  uint64_t Start = 0, End = 0, Bias = 0;
  std::string Path, BuildId;
};

// One frame as a person reads it. A return address gives several when calls were inlined, innermost first.
struct Frame {
  uint64_t Address = 0;
  std::string Function; // demangled; "" where no symbol is known
  std::string File;
  uint32_t Line = 0, Column = 0;
  bool Inlined = false; // into the next frame
};

// Turns addresses into names. One implementation asks LLVM's symbolizer, the tests' one reads names out of the text.
class Symbols {
public:
  virtual ~Symbols() = default;
  virtual std::vector<Frame> frames(uint64_t ReturnAddress) = 0;
  // The symbol of a datum ("pci_rescan_remove_lock"), or "".
  virtual std::string datum(uint64_t Address) = 0;
  // A line of source, or nothing where it is not known.
  virtual std::optional<std::string> line(const std::string &File, uint32_t Line) { return std::nullopt; }
};

// Whether both are in one function, as a person wrote it. Those without a name are told apart by their addresses.
bool sameFunction(const Frame &A, const Frame &B);

// As a person writes that it is called: "f()". C++ names come with their parameters.
std::string asCall(llvm::StringRef Function);

// What a reader has to be told about the recording itself, next to findings. None of it is silent.
struct Remark {
  enum class Kind { Note, Warning } Level = Kind::Warning;
  std::string Text;
};

// The name that a person gave the function, without what compilers and the plugin append to the names of copies.
llvm::StringRef sourceFunction(llvm::StringRef Function);

struct Recording {
  explicit Recording(const model::Model &M) : Model(M) {}

  const model::Model &Model;
  std::string Name; // the file
  underlock_platform Platform = UNDERLOCK_PLATFORM_POSIX;
  underlock_recording_mode Mode = UNDERLOCK_RECORDING_EVERYTHING;
  std::string Program;
  double TicksPerSecond = 0; // 0: unknown
  Ticks Start = 0, End = 0;
  uint32_t FrameLimit = 0; // a stack of so many frames may have lost its outer ones; 0: none has
  bool CleanExit = false;  // the program ended in order
  bool BrokeOff = false;  // for want of space: what it did from some moment on is not there
  std::string Executed;   // the program that took its place, where it ended so

  std::vector<Site> Sites;
  std::vector<std::vector<uint64_t>> Stacks; // return addresses, innermost first
  std::vector<Context> Contexts;
  std::vector<LockClass> Classes;
  std::vector<LockInstance> Instances;
  std::vector<Image> Images;
  std::vector<TsanReport> TsanReports; // in the order in which they were read
  bool Tsan = false;                   // ThreadSanitizer ran beside
  std::vector<std::string> Titles; // of phases, each once
  std::vector<Remark> Remarks;
  uint64_t Records = 0; // timed records judged
  uint64_t Lost = 0;

  mutable Symbols *Names = nullptr; // may be null: nothing has a name then

  // Where the lock lies. A distinct recording tells the lives of an address apart by its high bits.
  uint64_t addressOf(InstanceId I) const {
    uint64_t Mask = Mode == UNDERLOCK_RECORDING_DISTINCT ? (UINT64_C(1) << UNDERLOCK_ADDRESS_BITS) - 1 : ~UINT64_C(0);
    return Instances[I].Address & Mask;
  }
  const LockClass &classOf(InstanceId I) const { return Classes[Instances[I].Class]; }
  // Else it is a reference, a completion or the end of a thread, of the model's `waits`.
  bool isLock(InstanceId I) const { return !classOf(I).Lock || classOf(I).Lock->isLock(); }
  // Not said of what no model knows.
  bool maySleep(InstanceId I) const { return classOf(I).Lock && classOf(I).Lock->maySleep(); }

  // What a person calls them; never empty. A class's name is the same in every run, that of one of its locks may have
  // an address in it.
  std::string contextName(ContextId C) const;
  std::string className(InstanceId I) const;
  std::string lockName(InstanceId I) const;

  // All frames of a stack, inlined ones expanded, innermost first.
  std::vector<Frame> frames(StackId S) const;

  // The functions of a stack from the site outwards up to the first boundary of the model (or main, or a thread's
  // start), without compiler-made suffixes: what a finding's identity may be made of.
  std::vector<std::string> story(PlaceRef P) const;
};


} // namespace underlock

#endif
