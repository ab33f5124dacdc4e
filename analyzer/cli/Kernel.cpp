// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `underlock kernel`: prepares a kernel's tree to be built with Underlock in it, and builds it when told what to make.
#include "analyzer/cli/CompilerFlags.h"
#include "analyzer/cli/KernelTree.h"
#include "analyzer/model/Model.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"

using namespace underlock;
using llvm::StringRef;

namespace {

struct KernelOptions {
  std::string Tree, Build, Arch = "um";
  std::vector<std::string> Models, Make;
};

// What a kernel's build calls, and the package of Debian that has it.
struct Tool {
  std::string Program, Package;
  bool OnlyX86 = false;
};

// The Clang that the plugin is for.
const std::string Version = "-" + std::to_string(LLVM_VERSION_MAJOR);

const Tool Tools[] = {{"make", "make"},
                      {"flex", "flex"},
                      {"bison", "bison"},
                      {"bc", "bc"},
                      {"cpio", "cpio", true},
                      {"python3", "python3"},
                      {"clang" + Version, "clang" + Version},
                      {"ld.lld" + Version, "lld" + Version},
                      {"llvm-ar" + Version, "llvm" + Version}};

} // namespace

static std::string absolute(StringRef Path) {
  llvm::SmallString<128> Out(Path);
  llvm::sys::fs::make_absolute(Out);
  llvm::sys::path::remove_dots(Out, /*remove_dot_dot=*/true);
  while (Out.size() > 1 && Out.back() == '/')
    Out.pop_back();
  return std::string(Out);
}

// All that this machine has not got, at once: one trip to the package manager.
static bool machineHasAll(bool X86) {
  std::vector<std::string> Programs, Packages;
  for (const Tool &T : Tools)
    if (!(T.OnlyX86 && !X86) && !llvm::sys::findProgramByName(T.Program)) {
      Programs.push_back(T.Program);
      Packages.push_back(T.Package);
    }
  if (X86 && !llvm::sys::fs::exists("/usr/include/libelf.h")) {
    Programs.push_back("libelf.h");
    Packages.push_back("libelf-dev");
  }
  if (Programs.empty())
    return true;
  cli::unusable("a kernel's build needs " + llvm::join(Programs, ", ") +
                ", which this machine does not have; on Debian: apt-get install " + llvm::join(Packages, " "));
  return false;
}

// What Kbuild would refuse, or not survive, said before anything is made.
static bool usable(const KernelOptions &O, StringRef Tree, StringRef Build, const cli::KernelVersion &V) {
  std::string SourceArch = O.Arch == "um" ? "um" : "x86";
  if (V.Major < 6 || (V.Major == 6 && V.Minor < 1))
    return cli::unusable(Tree + " is Linux " + V.Text + "; Underlock knows kernels from 6.1 on"), false;
  for (const std::string &Left :
       {Tree.str() + "/include/config", Tree.str() + "/arch/" + SourceArch + "/include/generated"})
    if (llvm::sys::fs::exists(Left))
      return cli::unusable(Tree + " has been built in (" + Left +
                           " is there), and the kernel refuses to be built elsewhere " +
                           "then: run `make mrproper` in it, or give a clean copy"),
             false;
  if (Build == Tree || Build.starts_with((Tree + "/").str()))
    return cli::unusable("the build folder " + Build + " lies in the tree itself: give one outside of it"), false;
  if (Build.find_first_of(" :\t") != StringRef::npos)
    return cli::unusable("the build folder " + Build + " has a space or a colon in its name: make cannot work in it"),
           false;
  auto Of = llvm::MemoryBuffer::getFile(Build + "/underlock.tree");
  if (Of && (*Of)->getBuffer().trim() != Tree)
    return cli::unusable("the build folder " + Build + " is that of " + (*Of)->getBuffer().trim() +
                         ": give another one"),
           false;
  return true;
}

// For each compilation of the kernel's C. Whatever in it changes compiles all anew: the marks and the plugin do.
static std::optional<std::string> kernelFlags(const std::vector<std::string> &Models, StringRef Copy) {
  cli::Installation Parts = cli::findInstallation();
  std::optional<model::Model> M = model::load(Models, Parts.Models, llvm::errs());
  if (!M)
    return std::nullopt;
  auto Plugin = llvm::MemoryBuffer::getFile(Parts.Plugin, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!Plugin) {
    cli::unusable(Parts.Plugin + ": " + Plugin.getError().message() + ": the installation is not complete");
    return std::nullopt;
  }
  uint64_t Hash = M->marksHash() ^ llvm::xxh3_64bits((*Plugin)->getBuffer());
  std::vector<std::string> Words{"-g",
                                 "-fno-omit-frame-pointer",
                                 "-mno-omit-leaf-frame-pointer",
                                 "-fno-optimize-sibling-calls", // or frames vanish from stacks
                                 ("-fdebug-prefix-map=" + Copy + "/=").str(),
                                 "-fplugin=" + Parts.Plugin,
                                 "-fpass-plugin=" + Parts.Plugin};
  for (const std::string &Name : Models)
    Words.insert(Words.end(), {"-mllvm", "-underlock-model=" + Name});
  Words.insert(Words.end(), {"-mllvm", "-underlock-models-dir=" + Parts.Models});
  Words.insert(Words.end(), {"-mllvm", "-underlock-model-hash=" + llvm::utohexstr(Hash)});
  return llvm::join(Words, " ");
}

static void sayWhatNext(const KernelOptions &O, StringRef Build, StringRef Copy, const cli::KernelVersion &V) {
  llvm::outs() << Copy << ": Linux " << V.Text << " for " << O.Arch << ", with Underlock in it\n"
               << "its configuration always has DEBUG_KERNEL, DEBUG_SPINLOCK and FRAME_POINTER; all else is yours\n\n"
               << "to build:  make -C " << Copy << " O=" << Build << " ARCH=" << O.Arch << " defconfig all\n";
  if (O.Arch == "um")
    llvm::outs() << "KUnit:     " << Copy << "/tools/testing/kunit/kunit.py run --build_dir " << Build
                 << " --kernel_args underlock=" << Build << "/trace\n"
                 << "to record: " << Build << "/linux underlock=" << Build << "/trace\n"
                 << "to judge:  underlock check --binary " << Build << "/vmlinux " << Build << "/trace\n";
  else
    llvm::outs() << "to record: boot it in QEMU with its memory in a file, then: underlock extract MEMORY -o trace\n"
                 << "to judge:  underlock check --binary " << Build << "/vmlinux trace\n";
}

static int kernel(const KernelOptions &O) {
  std::string Tree = absolute(O.Tree), Build = absolute(O.Build), Copy = Build + "/source";
  bool X86 = O.Arch != "um";
  auto Linux = cli::kernelVersion(Tree);
  if (!Linux)
    return cli::unusable(llvm::toString(Linux.takeError()));
  if (!machineHasAll(X86) || !usable(O, Tree, Build, *Linux))
    return cli::Unusable;
  std::vector<std::string> Models = O.Models;
  if (Models.empty())
    Models.push_back("linux");
  auto Flags = kernelFlags(cli::modelsToUse(Models), Copy);
  if (!Flags)
    return cli::Unusable;
  cli::KernelTree T{Tree, Copy, cli::findInstallation().Kernel, *Flags, Version};
  if (llvm::Error E = T.make())
    return cli::unusable(llvm::toString(std::move(E)));
  if (llvm::Error E = cli::writeIfChanged(Build + "/underlock.tree", Tree + "\n"))
    return cli::unusable(llvm::toString(std::move(E)));
  if (O.Make.empty()) {
    sayWhatNext(O, Build, Copy, *Linux);
    return cli::Clean;
  }
  std::vector<std::string> Words{"make", "-C", Copy, "O=" + Build, "ARCH=" + O.Arch};
  Words.insert(Words.end(), O.Make.begin(), O.Make.end());
  std::vector<StringRef> Arguments(Words.begin(), Words.end());
  std::string Problem;
  int Status =
      llvm::sys::ExecuteAndWait(*llvm::sys::findProgramByName("make"), Arguments, std::nullopt, {}, 0, 0, &Problem);
  if (!Problem.empty())
    return cli::unusable("make: " + Problem);
  return Status ? cli::Unusable : cli::Clean;
}

static cli::Manual manual() {
  return {
      .Description =
          "Makes the folder source in the build folder: the tree, as links, with the runtime and the plugin's flags "
          "in it. The tree itself is only read. What is built there, by make or by the kernel's own kunit.py, has "
          "Underlock inside. The configuration in the build folder stays; three options are always on in it: "
          "DEBUG_KERNEL, DEBUG_SPINLOCK and FRAME_POINTER.\n\n"
          "User-Mode Linux (um) records into the file that its command line names, underlock=FILE; %p in it is the "
          "process id. Any other kernel records into its own memory, from which extract takes it.\n\n"
          "After a change of the tree's own folders, or of Underlock, it is to be called again: what did not "
          "change is left alone.",
      .Examples = {{"Prepares a tree for User-Mode Linux, and says what to do with it",
                    "underlock kernel --build built linux", 0,
                    ".../built/source: Linux 6.12.1 for um, with Underlock in it\n..."},
                   {"Makes something in it; behind -- stands what make is given",
                    "underlock kernel --build built linux -- kernelversion", 0, "...\n6.12.1\n..."}},
      .Status = {{"0", "it is prepared, and made"}, {"2", "it cannot be, or make failed"}}};
}

void cli::addKernel(CLI::App &App, int &Status) {
  auto O = std::make_shared<KernelOptions>();
  Command *Sub = addCommand(App, "kernel", "prepare a Linux kernel's tree to be built with Underlock", manual());
  Sub->add_option("--arch", O->Arch, "what it is built for (default: um)")->check(CLI::IsMember({"um", "x86_64"}));
  Sub->add_option("--build", O->Build, "the folder that it is built in; made if it is not there")
      ->type_name("FOLDER")
      ->required();
  Sub->add_option("--model", O->Models, "a shipped model or a model file; may be given several times (default: linux)")
      ->type_name("MODEL")
      ->allow_extra_args(false);
  Sub->add_option("tree", O->Tree, "the kernel's source tree, 6.1 or newer")->type_name("TREE")->required();
  Sub->add_option("make", O->Make, "what make is given, behind --")->type_name("MAKE-ARGUMENT");
  Sub->callback([O, &Status] { Status = kernel(*O); });
}
