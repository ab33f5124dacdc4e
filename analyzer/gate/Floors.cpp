// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "analyzer/gate/Floors.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace underlock;
using namespace underlock::gate;
using llvm::StringRef;

template <typename T> void Coverage::note(Things &To, const Recording &R, StringRef Kind, const T &What, bool Seen) {
  Thing &One = To[(Kind + " " + What.Id).str()];
  One.Name = (Kind + " " + What.Id + " (" + model::text(What.Where) + ")").str();
  One.Shipped = R.Model.isShipped(What.Where);
  One.Seen |= Seen;
}

template <typename T>
void Coverage::addMarks(const Recording &R, const std::vector<T> &All, StringRef Kind, const T *Site::*Of) {
  llvm::DenseSet<const T *> Seen;
  for (const Site &S : R.Sites)
    Seen.insert(S.*Of);
  for (const T &Mark : All)
    note(Marks, R, Kind, Mark, Seen.contains(&Mark));
}

void Coverage::add(const Recording &R, llvm::ArrayRef<ContractStatistics> Statistics) {
  for (const ContractStatistics &S : Statistics)
    note(Contracts, R, "contract", *S.Contract, S.Exercised > S.Exempt);
  addMarks(R, R.Model.Locks, "lock", &Site::Lock);
  addMarks(R, R.Model.Events, "event", &Site::Event);
  addMarks(R, R.Model.Phases, "phase", &Site::Phase);
  Contexts += R.Contexts.size();
}

std::string Coverage::below(const model::Floor &F, const Things &Of, StringRef What, StringRef Verb) const {
  constexpr size_t Limit = 10; // names
  bool OnlyShipped = llvm::all_of(Of, [](const auto &E) { return E.second.Shipped; });
  size_t All = 0, Seen = 0;
  std::vector<std::string> Unseen;
  for (const auto &[Key, T] : Of) {
    if (T.Shipped && !OnlyShipped)
      continue;
    ++All;
    Seen += T.Seen;
    if (!T.Seen)
      Unseen.push_back(T.Name);
  }
  std::string Floor = std::to_string(F.Number) + (F.Percent ? "%" : "");
  if (All == 0 && F.Number > 0)
    return llvm::formatv("the model has no {0}, and the floor is {1}", What, Floor);
  if (F.Percent ? Seen * 100 >= uint64_t(F.Number) * All : Seen >= F.Number)
    return "";
  size_t More = Unseen.size() > Limit ? Unseen.size() - Limit : 0;
  Unseen.resize(Unseen.size() - More);
  return llvm::formatv("{0} of {1} {2} {3}, and the floor is {4}; not {3}: {5}{6}", Seen, All, What, Verb, Floor,
                       llvm::join(Unseen, ", "), More ? " and " + std::to_string(More) + " more" : "");
}

std::string Coverage::below(llvm::ArrayRef<model::Floor> Floors) const {
  std::vector<std::string> Out;
  for (const model::Floor &F : Floors) {
    std::string Said;
    if (F.Of == model::Floor::Kind::Contracts)
      Said = below(F, Contracts, "contracts", "exercised");
    else if (F.Of == model::Floor::Kind::Marks)
      Said = below(F, Marks, "marks", "seen");
    else if (Contexts < F.Number)
      Said = llvm::formatv("{0} contexts seen, and the floor is {1}", Contexts, F.Number);
    if (!Said.empty())
      Out.push_back(std::move(Said));
  }
  return llvm::join(Out, "; ");
}

std::vector<model::Floor> gate::effective(llvm::ArrayRef<model::Floor> First, llvm::ArrayRef<model::Floor> Second) {
  std::vector<model::Floor> Out;
  for (llvm::ArrayRef<model::Floor> Floors : {First, Second})
    for (const model::Floor &F : Floors) {
      llvm::erase_if(Out, [&](const model::Floor &Old) { return Old.Of == F.Of; });
      Out.push_back(F);
    }
  return Out;
}
