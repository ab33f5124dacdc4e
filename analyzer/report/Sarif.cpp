// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// SARIF 2.1.0: the tool with its rules, how the command ended with all that was not proven, the results; and how much
// of them fits into what a consumer takes.
#include "analyzer/report/Sarif.h"
#include "analyzer/report/Escape.h"
#include "analyzer/report/Rules.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Compression.h"
#include "llvm/Support/FormatVariadic.h"

using namespace underlock;
using namespace underlock::report;
using llvm::json::OStream;

namespace {

// How much is written.
struct Extent {
  size_t Results;  // the most important ones
  size_t Detailed; // … of which these have their stacks
};

class Document {
public:
  Document(llvm::ArrayRef<Judged> All, const Options &O)
      : All(All), O(O), Results(results(All, O)), Doubts(doubts(All, O)) {}
  size_t size() const { return Results.size(); }
  void write(const Extent &E, llvm::raw_ostream &Out) const;

private:
  void tool(size_t Count, OStream &W, llvm::StringMap<unsigned> &Indices) const;
  void rule(const RuleText &T, OStream &W) const;
  void invocation(const Extent &E, OStream &W) const;

  llvm::ArrayRef<Judged> All;
  const Options &O;
  std::vector<Result> Results;
  std::vector<Doubt> Doubts;
};

// Counts what would be written, gzipped. Blocks are compressed one by one, so it is rather more than less.
class Scales : public llvm::raw_ostream {
public:
  Scales() { SetBufferSize(1 << 20); }
  ~Scales() override { flush(); }
  size_t bytes() {
    flush();
    return Compressed;
  }

private:
  void write_impl(const char *Data, size_t Size) override {
    Total += Size;
    if (!llvm::compression::zlib::isAvailable()) {
      Compressed += Size;
      return;
    }
    llvm::SmallVector<uint8_t, 0> Block;
    llvm::compression::zlib::compress(llvm::arrayRefFromStringRef(llvm::StringRef(Data, Size)), Block);
    Compressed += Block.size();
  }
  uint64_t current_pos() const override { return Total; }

  size_t Total = 0, Compressed = 0;
};

} // namespace

// Notifications are few ids; what they say differs.
static constexpr llvm::StringLiteral NoVerdict = "no-verdict", NotProven = "not-proven", Remarked = "remark",
                                     LeftOut = "left-out";

void Document::rule(const RuleText &T, OStream &W) const {
  W.object([&] {
    W.attribute("id", utf8(T.Id));
    sarif::message(W, "shortDescription", T.Short);
    sarif::message(W, "fullDescription", T.Why.empty() ? T.Short : T.Why);
    std::string Help = T.Short;
    for (auto [Head, Text] : {std::pair("\n\nWhy: ", &T.Why), std::pair("\n\nSee: ", &T.See)})
      Help += Text->empty() ? "" : Head + *Text;
    sarif::message(W, "help", Help);
    if (llvm::StringRef(T.See).starts_with("https://") && T.See.find_first_of(" <>\"\\^`{|}") == std::string::npos)
      W.attribute("helpUri", utf8(T.See));
    W.attributeObject("defaultConfiguration", [&] { W.attribute("level", nameOf(T.Level)); });
    W.attributeObject("properties", [&] {
      W.attributeArray("tags", [&] {
        for (const std::string &Tag : llvm::ArrayRef(T.Tags).take_front(sarif::TagsPerRule))
          W.value(utf8(Tag));
      });
      W.attribute("problem.severity", T.Level == model::Severity::Note ? "recommendation" : nameOf(T.Level));
    });
  });
}

// The rules of the results that are written, then those contracts that were kept: what was looked at is an answer too.
void Document::tool(size_t Count, OStream &W, llvm::StringMap<unsigned> &Indices) const {
  W.attributeObject("tool", [&] {
    W.attributeObject("driver", [&] {
      W.attribute("name", "Underlock");
      W.attribute("semanticVersion", UNDERLOCK_VERSION);
      W.attributeArray("rules", [&] {
        auto Add = [&](const RuleText &T) {
          if (Indices.size() < sarif::RulesPerRun && Indices.try_emplace(T.Id, Indices.size()).second)
            rule(T, W);
        };
        for (const Result &R : llvm::ArrayRef(Results).take_front(Count)) {
          if (Indices.contains(R.rule()))
            continue;
          RuleText T = R.Found->Contract ? ruleOf(*R.Found->Contract, R.In->R->Model) : ruleOf(*R.Found);
          T.Id = R.rule();
          Add(T);
        }
        for (const Judged &J : All)
          for (const ContractStatistics &C : J.Contracts)
            Add(ruleOf(*C.Contract, J.R->Model));
      });
      W.attributeArray("notifications", [&] {
        for (llvm::StringRef Id : {NoVerdict, NotProven, Remarked, LeftOut})
          W.object([&] { W.attribute("id", Id); });
      });
    });
  });
}

void Document::invocation(const Extent &E, OStream &W) const {
  auto Notify = [&](llvm::StringRef Id, unsigned Index, llvm::StringRef Level, const std::string &Text) {
    W.object([&] {
      W.attributeObject("descriptor", [&] {
        W.attribute("id", Id);
        W.attribute("index", Index);
      });
      W.attribute("level", Level);
      sarif::message(W, "message", Text);
    });
  };
  constexpr size_t Most = 1000; // notifications; one for each of a thousand contracts helps nobody
  W.object([&] {
    bool Successful = Doubts.empty() || Doubts.front().Level != Doubt::Kind::NoVerdict;
    W.attribute("executionSuccessful", Successful);
    W.attribute("exitCode", O.Status);
    W.attribute("exitCodeDescription", utf8(headline(Results, Doubts, O)));
    W.attributeArray("toolExecutionNotifications", [&] {
      for (const Doubt &D : llvm::ArrayRef(Doubts).take_front(Most)) {
        std::string Text = (D.Recording.empty() ? "" : D.Recording + ": ") + D.Text;
        if (D.Level == Doubt::Kind::NoVerdict)
          Notify(NoVerdict, 0, "error", "no verdict: " + Text);
        else if (D.Level == Doubt::Kind::Warning)
          Notify(NotProven, 1, "warning", Text);
        else
          Notify(Remarked, 2, "note", Text);
      }
      if (Doubts.size() > Most)
        Notify(LeftOut, 3, "warning", llvm::formatv("{0} more notifications are left out", Doubts.size() - Most));
      if (E.Results < Results.size())
        Notify(LeftOut, 3, "warning",
               llvm::formatv("{0} of {1} findings are left out, the least important ones: a file of code scanning "
                             "holds {2} results and {3} bytes",
                             Results.size() - E.Results, Results.size(), sarif::ResultsPerRun, sarif::CompressedBytes));
      if (E.Detailed < E.Results)
        Notify(LeftOut, 3, "note",
               llvm::formatv("the stacks of {0} of {1} findings are left out, the least important ones",
                             E.Results - E.Detailed, E.Results));
    });
  });
}

void Document::write(const Extent &E, llvm::raw_ostream &Out) const {
  OStream W(Out, E.Results > 1000 ? 0 : 2);
  bool Compared = !O.Gated.Baseline.empty() || llvm::any_of(Results, [](const Result &R) {
    return R.Found->Stands == Standing::New || R.Found->Stands == Standing::Known;
  });
  W.object([&] {
    W.attribute("$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    W.attribute("version", "2.1.0");
    W.attributeArray("runs", [&] {
      W.object([&] {
        llvm::StringMap<unsigned> Indices;
        tool(E.Results, W, Indices);
        W.attributeArray("invocations", [&] { invocation(E, W); });
        W.attributeObject("originalUriBaseIds", [&] {
          W.attributeObject("%SRCROOT%", [&] { sarif::message(W, "description", "the root of the source tree"); });
        });
        W.attribute("columnKind", "unicodeCodePoints");
        W.attributeArray("results", [&] {
          for (size_t I = 0; I < E.Results; ++I) {
            auto Rule = Indices.find(Results[I].rule());
            sarif::result(Results[I], {Rule->second, I < E.Detailed, Compared}, O, W);
          }
        });
        W.attributeObject("properties", [&] {
          W.attribute("gate", nameOf(O.Gate));
          W.attribute("findings", static_cast<int64_t>(Results.size()));
          W.attribute("findingsLeftOut", static_cast<int64_t>(Results.size() - E.Results));
        });
      });
    });
  });
  Out << '\n';
}

// A file that is too big is rejected whole. Stacks go first, those of the least important results before others.
static Extent fitting(const Document &D) {
  Extent E;
  E.Results = std::min(D.size(), sarif::ResultsPerRun);
  E.Detailed = std::min(E.Results, sarif::ResultsShown);
  constexpr size_t Margin = sarif::CompressedBytes / 20; // others compress a little otherwise
  for (;;) {
    Scales S;
    D.write(E, S);
    if (S.bytes() + Margin <= sarif::CompressedBytes || E.Results == 0)
      return E;
    if (E.Detailed)
      E.Detailed = E.Detailed > 100 ? E.Detailed / 2 : 0;
    else
      E.Results /= 2;
  }
}

void report::sarif(llvm::ArrayRef<Judged> All, const Options &O, llvm::raw_ostream &Out) {
  Document D(All, O);
  D.write(fitting(D), Out);
}
