// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The name of a lock, from IR that no pass has touched yet.
//
// Clang's fresh IR still says how the source wrote an address: one getelementptr a member, first members included.
// (That is why nothing may run before: SROA, EarlyCSE or GVN drop the steps of offset 0.) So the address is followed
// from the call back to its base: through members, through local variables that are stored once, through functions that
// return what they were given. Then
//   - the last struct with a name on the way, outside the lock's own type, and its member there: `struct.field`;
//   - without a step, a global by its symbol, a local by `function.variable` (or, when the variable is a struct, by the
//     member that its description has at this offset: a first member of a global has no getelementptr at all. A global
//     of another unit has no description here, but its struct may have one);
//   - arguments, phis and other pointers have no class that could be told here; but where a lock is initialised, the
//     global or member that points to it names it: `queue.mut`, `item_locks[]`.
// Members are found by offset in the debug information; without it they are numbered: `device#3`.
#include "LockNames.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Demangle/Demangle.h"
#include "llvm/IR/DebugInfo.h"
#include "llvm/IR/GetElementPtrTypeIterator.h"
#include "llvm/IR/GlobalAlias.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"

using namespace llvm;

namespace underlock::plugin {
namespace {

// Longer ways than this are no names.
constexpr unsigned TraceLimit = 64;

std::string joined(const MemberPath &Path) {
  std::string Out;
  for (const Member &M : Path.Members)
    Out += (Out.empty() ? "" : ".") + M.Name + (M.Array ? "[]" : "");
  return Out;
}

// Without namespaces: as a person names a class.
StringRef shortName(const StructType *S) {
  StringRef Name = TypeNames::sourceName(S);
  size_t Scope = Name.rfind("::");
  return Scope == StringRef::npos ? Name : Name.drop_front(Scope + 2);
}

std::string className(const MemberPath &Path) {
  const Member &Last = Path.Members.back();
  return Last.Owner + "." + Last.Name + (Last.Array ? "[]" : "");
}

} // namespace

LockNames::LockNames(const Module &M, const model::Model &Model, const ModuleMarks &Marks)
    : M(M), Marks(Marks), Types(M, Model) {}

LockName LockNames::name(const Value *Lock) {
  Access A = trace(Lock);
  LockName Out;
  if (!nameBySteps(A, Out))
    nameByVariable(A, Out);
  Out.Expression = expressionOf(A);
  return Out;
}

LockName LockNames::nameAtBirth(const Value *Lock) {
  LockName Out = name(Lock);
  Access A = trace(Lock);
  const auto *Load = dyn_cast<LoadInst>(A.Base);
  if (!Out.ClassName.empty() || !A.Steps.empty() || !A.Direct || !Load)
    return Out;
  Access Slot = trace(Load->getPointerOperand());
  LockName Pointer;
  if (!nameBySteps(Slot, Pointer) && isa<GlobalVariable>(Slot.Base))
    nameByVariable(Slot, Pointer);
  Out.ClassName = Pointer.ClassName;
  if (!Out.ClassName.empty() && (!A.Exact || A.Offset != 0) && !StringRef(Out.ClassName).ends_with("[]"))
    Out.ClassName += "[]";
  return Out;
}

// Takes the steps of one getelementptr, from the lock's side. False: it is plain arithmetic (container_of), and what
// lies further out says nothing about where the lock is.
bool LockNames::addSteps(const GEPOperator &G, Access &To) const {
  struct Index {
    const StructType *Struct;
    unsigned Field;
    int64_t Offset;
  };
  const DataLayout &DL = M.getDataLayout();
  SmallVector<Index, 4> Indices;
  for (auto I = gep_type_begin(G), E = gep_type_end(G); I != E; ++I) {
    const auto *Number = dyn_cast<ConstantInt>(I.getOperand());
    if (StructType *S = I.getStructTypeOrNull()) {
      unsigned Field = Number->getZExtValue();
      Indices.push_back({S, Field, int64_t(DL.getStructLayout(S)->getElementOffset(Field).getFixedValue())});
    } else {
      int64_t Size = DL.getTypeAllocSize(I.getIndexedType()).getKnownMinValue();
      bool Known = Number && Number->getBitWidth() <= 64;
      Indices.push_back({nullptr, 0, Known ? Number->getSExtValue() * Size : 0});
      To.Exact &= Known;
    }
  }
  for (const Index &I : reverse(Indices)) {
    To.Offset += I.Offset;
    if (I.Struct)
      To.Steps.insert(To.Steps.begin(), Step{I.Struct, I.Field, To.Offset});
  }
  return !G.getSourceElementType()->isIntegerTy(8) || G.hasAllZeroIndices();
}

const Value *LockNames::stored(const AllocaInst *A) const {
  const Value *Stored = nullptr;
  for (const User *U : A->users()) {
    if (const auto *Store = dyn_cast<StoreInst>(U); Store && Store->getPointerOperand() == A) {
      // Neither NULL nor what -ftrivial-auto-var-init stores (which is annotated) is ever the lock.
      if (isa<ConstantPointerNull>(Store->getValueOperand()) || Store->hasMetadata(LLVMContext::MD_annotation))
        continue;
      if (Stored || Store->getValueOperand() == A)
        return nullptr;
      Stored = Store->getValueOperand();
    } else if (!isa<LoadInst>(U) && !isa<IntrinsicInst>(U)) {
      return nullptr;
    }
  }
  return Stored && Stored->getType()->isPointerTy() ? Stored : nullptr;
}

const Value *LockNames::seenThrough(const CallBase &Call) const {
  const FunctionMarks *Called = Marks.ofCallee(Call);
  if (!Called || !Called->SeeThrough || *Called->SeeThrough >= Call.arg_size())
    return nullptr;
  const Value *V = Call.getArgOperand(*Called->SeeThrough);
  return V->getType()->isPointerTy() ? V : nullptr;
}

LockNames::Access LockNames::trace(const Value *V, bool ThroughObjects) {
  Access A;
  bool Named = true; // steps still say where the lock is
  for (unsigned I = 0; I < TraceLimit; ++I) {
    A.Base = V;
    if (const auto *G = dyn_cast<GEPOperator>(V)) {
      Access Outer = A;
      bool Typed = addSteps(*G, Outer);
      A.Offset = Outer.Offset;
      A.Exact = Outer.Exact;
      if (Named)
        A.Steps = std::move(Outer.Steps);
      Named &= Typed;
      A.Direct = Named;
      A.Variable.clear();
      V = G->getPointerOperand();
    } else if (isa<BitCastOperator>(V) || isa<AddrSpaceCastOperator>(V)) {
      V = cast<Operator>(V)->getOperand(0);
    } else if (const auto *Alias = dyn_cast<GlobalAlias>(V)) {
      V = Alias->getAliasee();
    } else if (const auto *Load = dyn_cast<LoadInst>(V)) {
      const auto *From = dyn_cast<AllocaInst>(Load->getPointerOperand());
      const Value *Stored = From ? stored(From) : nullptr;
      if (!Stored && ThroughObjects && Load->getType()->isPointerTy())
        Stored = inObject(Load->getPointerOperand());
      if (!Stored)
        return A;
      if (const DILocalVariable *Local = From ? variable(From) : nullptr)
        A.Variable = Local->getName().str();
      V = Stored;
    } else if (const auto *Call = dyn_cast<CallBase>(V)) {
      const Value *Given = seenThrough(*Call);
      if (!Given)
        return A;
      V = Given;
    } else {
      return A;
    }
  }
  return A;
}

bool LockNames::nameBySteps(const Access &A, LockName &Out) {
  const Step *Described = nullptr, *Named = nullptr;
  for (const Step &S : A.Steps) {
    if (Types.isLock(S.Struct))
      break;
    if (Types.find(S.Struct))
      Described = &S;
    if (!TypeNames::sourceName(S.Struct).empty())
      Named = &S;
  }
  if (Described) {
    MemberPath Path;
    if (Types.descend(Types.find(Described->Struct), Described->Rest, shortName(Described->Struct), Path) &&
        !Path.Members.empty()) {
      Out.ClassName = className(Path);
      Out.IsLock = Path.FoundLock;
      return true;
    }
  }
  // A described variable may know better than a struct of which only the name is left.
  if (!Named || isa<GlobalVariable>(A.Base) || isa<AllocaInst>(A.Base))
    return false;
  Out.ClassName = (shortName(Named->Struct) + "#" + Twine(Named->Index)).str();
  return true;
}

std::string LockNames::globalName(const GlobalVariable *G, const DIType *&Type) const {
  SmallVector<DIGlobalVariableExpression *, 1> Expressions;
  G->getDebugInfo(Expressions);
  std::string Name = demangle(linkageName(*G));
  if (Expressions.empty())
    return Name;
  const DIGlobalVariable *Described = Expressions.front()->getVariable();
  Type = Described->getType();
  if (const auto *Scope = dyn_cast_or_null<DILocalScope>(Described->getScope()))
    return (Scope->getSubprogram()->getName() + "." + Described->getName()).str();
  return Name;
}

void LockNames::nameByVariable(const Access &A, LockName &Out) {
  std::string Name;
  const DIType *Type = nullptr;
  llvm::Type *IrType = nullptr;
  if (const auto *G = dyn_cast<GlobalVariable>(A.Base)) {
    Name = globalName(G, Type);
    IrType = G->getValueType();
  } else if (const auto *Local = dyn_cast<AllocaInst>(A.Base)) {
    const DILocalVariable *V = variable(Local);
    std::string Function = demangle(linkageName(*Local->getFunction()));
    Name = Function + "." + (V ? V->getName().str() : "local");
    Type = V ? V->getType() : nullptr;
    IrType = Local->getAllocatedType();
  } else {
    return;
  }
  MemberPath Path;
  if (Type && describe(A, Type, Name, Path)) {
    Out.IsLock = Path.FoundLock;
    Out.ClassName = !Path.Members.empty() ? className(Path) : Name + (Path.RootArray ? "[]" : "");
    return;
  }
  if (!Type && nameByIrType(IrType, A.Offset, Out))
    return;
  Out.ClassName = Name + (IrType->isArrayTy() ? "[]" : "");
}

// The member of a described variable. What is written as the variable itself is it, unless a known lock lies there.
bool LockNames::describe(const Access &A, const DIType *Type, StringRef Name, MemberPath &Path) const {
  if (!Types.descend(Type, A.Offset, Name, Path))
    return false;
  if (!Path.FoundLock && A.Offset == 0 && A.Steps.empty())
    Path.Members.clear();
  return true;
}

// Without a description of the variable: the struct around the lock type at this offset. Without one of the struct
// either, its members are numbered.
bool LockNames::nameByIrType(llvm::Type *T, int64_t Offset, LockName &Out) {
  const DataLayout &DL = M.getDataLayout();
  std::string Name;
  while (Offset >= 0) {
    if (auto *Array = dyn_cast<ArrayType>(T)) {
      T = Array->getElementType();
      Offset %= std::max<int64_t>(1, DL.getTypeAllocSize(T).getKnownMinValue());
      continue;
    }
    auto *S = dyn_cast<StructType>(T);
    if (!S || !S->isSized() || S->getNumElements() == 0)
      return false;
    if (Types.isLock(S)) {
      Out.ClassName = Name;
      return !Name.empty();
    }
    MemberPath Path;
    if (const DICompositeType *Described = Types.find(S);
        Described && Types.descend(Described, Offset, shortName(S), Path) && Path.FoundLock) {
      Out.IsLock = true;
      Out.ClassName = className(Path);
      return true;
    }
    const StructLayout *Layout = DL.getStructLayout(S);
    if (uint64_t(Offset) >= Layout->getSizeInBytes())
      return false;
    unsigned Field = Layout->getElementContainingOffset(Offset);
    if (StringRef Own = TypeNames::sourceName(S); !Own.empty())
      Name = (Own + "#" + Twine(Field)).str();
    Offset -= Layout->getElementOffset(Field).getFixedValue();
    T = S->getElementType(Field);
  }
  return false;
}

const DILocalVariable *LockNames::variable(const AllocaInst *A) {
  lookAt(*A->getFunction());
  return Variables.lookup(A);
}

void LockNames::lookAt(const Function &F) {
  if (LooksAt == &F)
    return;
  LooksAt = &F;
  Variables.clear();
  Objects.clear();
  Escaped.clear();
  for (const Instruction &I : instructions(F))
    noteVariables(I);
  for (const Instruction &I : instructions(F))
    noteObjects(I);
}

void LockNames::noteVariables(const Instruction &I) {
  for (DbgVariableRecord &R : filterDbgVars(I.getDbgRecordRange()))
    // With optimisation, Clang has turned declarations into assignments by now.
    if (R.isDbgDeclare() || R.isDbgAssign())
      Variables.try_emplace(R.isDbgAssign() ? R.getAddress() : R.getVariableLocationOp(0), R.getVariable());
#if LLVM_VERSION_MAJOR < 20 // since then, descriptions are never instructions
  if (const auto *Assign = dyn_cast<DbgAssignIntrinsic>(&I))
    Variables.try_emplace(Assign->getAddress(), Assign->getVariable());
  else if (const auto *Declare = dyn_cast<DbgDeclareInst>(&I))
    Variables.try_emplace(Declare->getVariableLocationOp(0), Declare->getVariable());
#endif
}

// A function that stores no pointer but into its own variables, and calls nobody: a guard's owns_lock().
static bool onlyLooks(const Function *F) {
  if (!F || F->isDeclaration())
    return false;
  for (const Instruction &I : instructions(*F)) {
    if (isa<CallBase>(I) && !isa<IntrinsicInst>(I))
      return false;
    if (const auto *Store = dyn_cast<StoreInst>(&I))
      if (Store->getValueOperand()->getType()->isPointerTy() && !isa<AllocaInst>(Store->getPointerOperand()))
        return false;
  }
  return true;
}

void LockNames::noteObjects(const Instruction &I) {
  if (const auto *Store = dyn_cast<StoreInst>(&I)) {
    const Value *What = Store->getValueOperand();
    if (!What->getType()->isPointerTy() || isa<ConstantPointerNull>(What) ||
        isa<AllocaInst>(Store->getPointerOperand()))
      return; // a variable is looked up by stored()
    Access Where = trace(Store->getPointerOperand(), /*ThroughObjects=*/false);
    if (const auto *Object = dyn_cast<AllocaInst>(Where.Base)) {
      if (!Where.Exact)
        Escaped.insert(Object); // it may be any of its pointers
      SlotValue &V = Objects[{Object, Where.Offset}];
      V.Several |= V.Stored && V.Stored != What;
      V.Stored = What;
    }
    return;
  }
  const auto *Call = dyn_cast<CallBase>(&I);
  if (!Call || isa<IntrinsicInst>(Call) || Marks.ofCallee(*Call) ||
      onlyLooks(dyn_cast<Function>(Call->getCalledOperand()->stripPointerCastsAndAliases())))
    return;
  for (const Value *Argument : Call->args())
    if (Argument->getType()->isPointerTy())
      if (const auto *Object = dyn_cast<AllocaInst>(trace(Argument, /*ThroughObjects=*/false).Base))
        Escaped.insert(Object);
}

// The one pointer that is ever stored where `Pointer` points, in a local object that nobody else writes to. A first
// member has no getelementptr, so the object itself may be what is pointed to.
const Value *LockNames::inObject(const Value *Pointer) {
  const auto *I = dyn_cast<Instruction>(Pointer);
  if (!I)
    return nullptr;
  lookAt(*I->getFunction());
  Access Where = trace(Pointer, /*ThroughObjects=*/false);
  const auto *Object = dyn_cast<AllocaInst>(Where.Base);
  if (!Object || !Where.Exact || Escaped.contains(Object))
    return nullptr;
  SlotValue V = Objects.lookup({Object, Where.Offset});
  return V.Several ? nullptr : V.Stored;
}

bool LockNames::isFollowed(const StoreInst &Store) {
  if (const auto *A = dyn_cast<AllocaInst>(Store.getPointerOperand()))
    return stored(A);
  return inObject(Store.getPointerOperand());
}

void LockNames::findLocks(llvm::Type *T, int64_t Offset, SmallVectorImpl<int64_t> &Out) const {
  constexpr uint64_t MaxElements = 16;
  const DataLayout &DL = M.getDataLayout();
  if (auto *Array = dyn_cast<ArrayType>(T)) {
    int64_t Size = DL.getTypeAllocSize(Array->getElementType()).getKnownMinValue();
    for (uint64_t I = 0; I < Array->getNumElements() && Array->getNumElements() <= MaxElements; ++I)
      findLocks(Array->getElementType(), Offset + I * Size, Out);
  } else if (auto *S = dyn_cast<StructType>(T); S && S->isSized()) {
    if (Types.isLock(S)) {
      Out.push_back(Offset);
      return;
    }
    for (unsigned I = 0; I < S->getNumElements(); ++I)
      findLocks(S->getElementType(I), Offset + DL.getStructLayout(S)->getElementOffset(I).getFixedValue(), Out);
  }
}

bool LockNames::isHandedIn(const Value *Lock) {
  Access A = trace(Lock);
  LockName Found;
  if (!nameBySteps(A, Found))
    nameByVariable(A, Found);
  if (!Found.ClassName.empty())
    return false;
  for (unsigned I = 0; I < TraceLimit; ++I) {
    const auto *Load = dyn_cast<LoadInst>(A.Base);
    if (!Load)
      break;
    A = trace(Load->getPointerOperand());
  }
  return isa<Argument>(A.Base);
}

// What stands for the base in an expression; `IsObject` when members of it are reached with a dot.
std::string LockNames::baseExpression(const Access &A, const DIType *&Type, bool &IsObject, unsigned Depth) {
  if (const auto *G = dyn_cast<GlobalVariable>(A.Base)) {
    IsObject = true;
    std::string Class = globalName(G, Type);
    if (auto *Struct = dyn_cast<StructType>(G->getValueType()); Struct && !Type)
      Type = Types.find(Struct);
    // A static local is known to its function by its own name.
    return G->hasLocalLinkage() && StringRef(Class).contains('.') ? StringRef(Class).rsplit('.').second.str() : Class;
  }
  if (const auto *Local = dyn_cast<AllocaInst>(A.Base)) {
    IsObject = true;
    const DILocalVariable *V = variable(Local);
    Type = V ? V->getType() : nullptr;
    return V ? V->getName().str() : "";
  }
  if (const auto *Load = dyn_cast<LoadInst>(A.Base)) {
    if (const auto *From = dyn_cast<AllocaInst>(Load->getPointerOperand()))
      if (const DILocalVariable *V = variable(From))
        return V->getName().str();
    return Depth < TraceLimit ? expressionOf(trace(Load->getPointerOperand()), Depth + 1) : "";
  }
  if (const auto *Call = dyn_cast<CallBase>(A.Base))
    if (const Function *Callee = Call->getCalledFunction(); Callee && !Callee->isIntrinsic())
      return demangle(linkageName(*Callee)) + "()";
  return A.Variable;
}

std::string LockNames::expressionOf(const Access &A, unsigned Depth) {
  const DIType *Type = nullptr;
  bool IsObject = false;
  std::string Base = baseExpression(A, Type, IsObject, Depth);
  int64_t Offset = A.Offset;
  std::string Outer = Base;
  if (!A.Direct && !IsObject)
    Base.clear();
  if (!Type)
    for (const Step &S : A.Steps)
      if ((Type = Types.find(S.Struct))) {
        Offset = S.Rest;
        Outer = shortName(S.Struct);
        break;
      }
  MemberPath Path;
  if (!Type || !(IsObject ? describe(A, Type, Outer, Path) : Types.descend(Type, Offset, Outer, Path)))
    return A.Steps.empty() ? Base : Base + (IsObject ? "." : "->") + "#" + utostr(A.Steps.back().Index);
  if (IsObject && Path.RootArray)
    Base += "[]";
  if (Path.Members.empty())
    return Base;
  if (Base.empty())
    Base = "(" + Path.Members.front().Owner + " *)";
  return Base + (IsObject ? "." : "->") + joined(Path);
}

} // namespace underlock::plugin
