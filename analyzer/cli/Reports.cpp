// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A report that was asked for is written whatever happens: an old one that stays would be read as this run's.
#include "analyzer/cli/Reports.h"
#include "analyzer/cli/Commands.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"

using namespace underlock;

static std::vector<std::string> formatNames() {
  std::vector<std::string> Out;
  for (const report::Format &F : report::formats())
    Out.push_back(F.Name.str());
  return Out;
}

// What is wrong with FORMAT=FILE, or nothing.
static std::string checkAlso(const std::string &Value) {
  auto [Name, File] = llvm::StringRef(Value).split('=');
  if (!report::formatNamed(Name))
    return "'" + Name.str() + "' is no format; there are " + llvm::join(formatNames(), ", ");
  return File.empty() ? "no file in '" + Value + "': FORMAT=FILE" : "";
}

void cli::addReportOptions(CLI::App &Command, JudgeOptions &Options) {
  Command.add_option("--format", Options.Format, "the report's format (default: text)")
      ->check(CLI::IsMember(formatNames()));
  Command.add_option("-o,--output", Options.Output, "write the report to this file")->type_name("FILE");
  Command
      .add_option("--also", Options.Also,
                  "write a report of this format to this file as well; may be given several times. What "
                  "$GITHUB_STEP_SUMMARY names is appended to")
      ->type_name("FORMAT=FILE")
      ->allow_extra_args(false)
      ->check(CLI::Validator(checkAlso, ""));
  Command
      .add_option("--source-root", Options.SourceRoot,
                  "name source files below it relative to it, in the formats for a CI (default: the current folder)")
      ->type_name("DIR");
}

static bool toFile(const report::Format &F, const std::string &Path, llvm::ArrayRef<report::Judged> All,
                   const report::Options &How, bool Colors) {
  std::error_code Error;
  // A job's summary has other commands' lines in it.
  bool Append = llvm::sys::Process::GetEnv("GITHUB_STEP_SUMMARY") == Path;
  llvm::raw_fd_ostream Out(Path, Error, Append ? llvm::sys::fs::OF_Append : llvm::sys::fs::OF_None);
  if (!Error) {
    Out.enable_colors(Colors);
    F.Write(All, How, Out);
    Out.flush();
    Error = Out.error();
    Out.clear_error();
  }
  if (Error)
    cli::unusable(Path + ": cannot write the report: " + Error.message());
  return !Error;
}

// Options as the reports take them.
static report::Options rooted(report::Options How, const cli::JudgeOptions &O) {
  llvm::SmallString<128> Root(O.SourceRoot.empty() ? llvm::StringRef(".") : llvm::StringRef(O.SourceRoot));
  llvm::sys::fs::make_absolute(Root);
  llvm::sys::path::remove_dots(Root, /*remove_dot_dot=*/true);
  How.SourceRoot = std::string(Root);
  return How;
}

bool cli::sparesRecordings(const JudgeOptions &O, llvm::ArrayRef<std::string> Recordings) {
  std::vector<std::string> Files = {O.Output};
  for (llvm::StringRef Also : O.Also)
    Files.push_back(Also.split('=').second.str());
  for (const std::string &File : Files)
    for (const std::string &Recording : Recordings)
      if (llvm::sys::fs::equivalent(File, Recording)) {
        unusable(File + ": is a recording to be judged, and the report would be written over it");
        return false;
      }
  return true;
}

static bool writeFiles(llvm::ArrayRef<report::Judged> All, const cli::JudgeOptions &O, const report::Options &How) {
  bool Written = true;
  if (!O.Output.empty())
    Written = toFile(*report::formatNamed(O.Format), O.Output, All, How, O.Color == "always");
  for (const std::string &Also : O.Also) {
    auto [Name, File] = llvm::StringRef(Also).split('=');
    Written &= toFile(*report::formatNamed(Name), File.str(), All, How, /*Colors=*/false);
  }
  return Written;
}

static void print(llvm::ArrayRef<report::Judged> All, const cli::JudgeOptions &O, const report::Options &How) {
  llvm::raw_fd_ostream &Out = llvm::outs();
  Out.enable_colors(O.Color == "always" || (O.Color == "auto" && Out.has_colors()));
  report::formatNamed(O.Format)->Write(All, How, Out);
  Out.flush();
}

int cli::writeReports(llvm::ArrayRef<report::Judged> All, const JudgeOptions &O, report::Options How) {
  How = rooted(std::move(How), O);
  bool Written = writeFiles(All, O, How);
  if (O.Output.empty())
    print(All, O, How);
  return Written ? How.Status : Unusable;
}

int cli::reportNoVerdict(const std::string &Name, const std::string &Reason, const JudgeOptions &O) {
  model::Model Unknown;
  Recording R(Unknown);
  R.Name = Name;
  report::Judged J;
  J.R = &R;
  J.ProvesNothing = true;
  J.Reason = Reason;
  report::Options How;
  How.Status = Unusable;
  How = rooted(std::move(How), O);
  writeFiles(J, O, How);
  if (O.Output.empty() && O.Format != "text") // people have read the message
    print(J, O, How);
  return Unusable;
}
