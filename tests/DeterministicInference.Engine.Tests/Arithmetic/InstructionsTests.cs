using DeterministicInference.Engine.Arithmetic;
using Xunit;

namespace DeterministicInference.Engine.Tests.Arithmetic;

/// <summary>The registers that are chosen are those that compute: no answer would show it.</summary>
public sealed class InstructionsTests
{
    [Fact]
    public void The_chosen_registers_compute()
    {
        try
        {
            foreach (InstructionSet set in Instructions.Available)
            {
                Instructions.Use(set);
                var used = new List<Type>();
                Instructions.Run(new Recorder(used));
                Assert.Equal([ImplementationOf(set)], used);
                Assert.Equal(Instructions.NameOf(set), Instructions.Name);
            }
        }
        finally
        {
            // Tests beside this one compute the same bits with any.
            Instructions.Use(InstructionSet.Auto);
        }
    }

    [Fact]
    public void Registers_that_are_not_there_are_refused()
    {
        foreach (InstructionSet set in Enum.GetValues<InstructionSet>().Except([InstructionSet.Auto]))
        {
            Assert.Equal(Instructions.Available.Contains(set), Instructions.IsAvailable(set));
            if (!Instructions.IsAvailable(set))
                Assert.Throws<PlatformNotSupportedException>(() => Instructions.Use(set));
        }
    }

    private static Type ImplementationOf(InstructionSet set) =>
        set switch
        {
            InstructionSet.Scalar => typeof(LanesScalar),
            InstructionSet.Vector128 => typeof(Lanes128),
            InstructionSet.Avx2 => typeof(Lanes256),
            _ => typeof(Lanes512),
        };

    private readonly struct Recorder(List<Type> used) : ILaneKernel
    {
        public void Run<TLanes>()
            where TLanes : struct, ILanes<TLanes> => used.Add(typeof(TLanes));
    }
}
