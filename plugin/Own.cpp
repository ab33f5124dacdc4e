// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An inline function of C++ has a copy in every unit that uses it, and the linker keeps the first. If that one comes
// from an object that was built without the plugin, the hooks in all others are gone, and nothing says so.
//
// So what has marks in it gets another name here, `NAME.underlock.HASH`, shared by all units that are built with the
// same marks; and so does every inline function through which it is reached, since one uninstrumented copy on the way
// leads to the uninstrumented end. A vtable that leads there is the same kind of thing: objects that instrumented code
// constructs get the instrumented one. What is left to others is what they do themselves.
//
// Memory that is given back is no such mark: every container would have to be copied for it. Where a copy without hooks
// wins, its frees are not seen.
//
// Price: to code built without the plugin, the address of such a function is another one. The C++ standard says that it
// is the same; programs that compare it across that border are not known to us.
#include "Own.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/GlobalAlias.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/Transforms/Utils/Cloning.h"

using namespace llvm;

namespace underlock::plugin {
namespace {

class Owner {
public:
  Owner(Module &M, ModuleMarks &Marks, Exclusions &Excluded, uint64_t Hash)
      : M(M), Marks(Marks), Excluded(Excluded), Suffix((OwnSuffix + utohexstr(Hash, /*LowerCase=*/true)).str()) {}

  unsigned run() {
    for (Function &F : M)
      if (isShared(F) && Excluded.reason(F).empty() && hasMarks(F))
        Reached.insert(&F);
    for (unsigned I = 0; I < Reached.size(); ++I) // grows
      reachFrom(*Reached[I]);
    for (GlobalObject *G : Reached)
      copy(*G);
    for (auto [Old, New] : Copies)
      redirect(*Old, *New);
    for (auto [Old, New] : Copies)
      drop(*Old);
    return Copies.size();
  }

private:
  // One of many copies, of which the linker keeps any.
  static bool isShared(const GlobalObject &G) {
    return !G.isDeclaration() && (G.hasLinkOnceODRLinkage() || G.hasWeakODRLinkage());
  }
  static bool isShared(const Function &F) {
    return isShared(static_cast<const GlobalObject &>(F)) &&
           none_of(F, [](const BasicBlock &B) { return B.hasAddressTaken(); });
  }
  // A vtable, or one of the tables that lead to it.
  static bool isShared(const GlobalVariable &G) {
    return isShared(static_cast<const GlobalObject &>(G)) && G.isConstant() && G.getName().starts_with("_ZT");
  }

  bool hasMarks(Function &F) {
    const FunctionMarks *Own = Marks.of(&F);
    if (Own && !Own->Locks.empty())
      return false; // its body is left alone
    if (Own && Own->marksBody())
      return true;
    return any_of(instructions(F), [&](const Instruction &I) {
      const auto *Call = dyn_cast<CallBase>(&I);
      const FunctionMarks *Called = Call ? Marks.ofCallee(*Call) : nullptr;
      return Called && !Called->onlyFrees();
    });
  }

  // What shared code and tables use `C`, directly or in a constant.
  void reachFrom(const Constant &C) {
    for (const User *U : C.users()) {
      if (const auto *I = dyn_cast<Instruction>(U)) {
        Function &F = const_cast<Function &>(*I->getFunction());
        const FunctionMarks *Own = Marks.of(&F);
        if (isShared(F) && !(Own && !Own->Locks.empty()))
          Reached.insert(&F);
      } else if (const auto *G = dyn_cast<GlobalVariable>(U)) {
        if (isShared(*G))
          Reached.insert(const_cast<GlobalVariable *>(G));
      } else if (const auto *Inner = dyn_cast<Constant>(U); Inner && !isa<Function>(Inner)) {
        reachFrom(*Inner); // an alias, an aggregate, an expression
      }
    }
  }

  void copy(GlobalObject &G) {
    GlobalObject *New;
    if (auto *F = dyn_cast<Function>(&G)) {
      ValueToValueMapTy Map;
      New = CloneFunction(F, Map);
      Marks.same(New, F);
    } else {
      auto &V = cast<GlobalVariable>(G);
      auto *Table = new GlobalVariable(M, V.getValueType(), true, V.getLinkage(), V.getInitializer(), "", &V);
      Table->copyAttributesFrom(&V);
      Table->copyMetadata(&V, 0);
      New = Table;
    }
    New->setName(G.getName() + Suffix);
    New->setLinkage(GlobalValue::LinkOnceODRLinkage);
    New->setComdat(M.getOrInsertComdat(New->getName()));
    Copies.push_back({&G, New});
  }

  // Everybody uses the copy, but for what tells the linker about the original.
  void redirect(GlobalObject &Old, GlobalObject &New) {
    for (GlobalAlias &A : M.aliases())
      if (A.getAliaseeObject() == &Old && A.hasLinkOnceODRLinkage())
        A.replaceAllUsesWith(&New);
    SmallPtrSet<Constant *, 4> Kept;
    for (const char *List : {"llvm.used", "llvm.compiler.used"})
      if (const GlobalVariable *Used = M.getNamedGlobal(List); Used && Used->hasInitializer())
        Kept.insert(const_cast<Constant *>(Used->getInitializer()));
    Old.replaceUsesWithIf(&New, [&](const Use &U) { return !isa<GlobalAlias>(U.getUser()); });
  }

  void drop(GlobalObject &Old) {
    for (GlobalAlias &A : make_early_inc_range(M.aliases()))
      if (A.getAliaseeObject() == &Old && A.use_empty() && A.isDiscardableIfUnused())
        A.eraseFromParent();
    if (!Old.use_empty() || !Old.isDiscardableIfUnused())
      return;
    // The next function to be made may get its address, so nobody may go on to know it by that.
    if (auto *F = dyn_cast<Function>(&Old)) {
      Excluded.forget(*F);
      Marks.forget(*F);
      F->eraseFromParent();
    } else {
      cast<GlobalVariable>(Old).eraseFromParent();
    }
  }

  Module &M;
  ModuleMarks &Marks;
  Exclusions &Excluded;
  std::string Suffix;
  SetVector<GlobalObject *> Reached;
  std::vector<std::pair<GlobalObject *, GlobalObject *>> Copies;
};

} // namespace

unsigned makeOwnCopies(Module &M, ModuleMarks &Marks, Exclusions &Excluded, uint64_t ModelHash) {
  return Owner(M, Marks, Excluded, ModelHash).run();
}

} // namespace underlock::plugin
