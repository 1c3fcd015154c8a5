using ArchUnitNET.Domain;
using ArchUnitNET.Loader;
using DeterministicInference.Engine;
using DeterministicInference.Receipts;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Tests.Architecture;

/// <summary>The types of the product's assemblies and of this one, with what they use. Read once.</summary>
internal static class ProductTypes
{
    private static readonly Lazy<IReadOnlyList<IType>> Loaded = new(() =>
        [
            .. new ArchLoader()
                .LoadAssemblies(
                    typeof(ServeOptions).Assembly,
                    typeof(Sha256Value).Assembly,
                    typeof(EmbeddedEngine).Assembly,
                    typeof(ProductTypes).Assembly
                )
                .Build()
                .Types,
        ]
    );

    public static IReadOnlyList<IType> All => Loaded.Value;
}
