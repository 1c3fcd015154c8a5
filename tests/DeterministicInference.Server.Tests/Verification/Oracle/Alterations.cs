namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>All named alterations.</summary>
internal static class Alterations
{
    public static IReadOnlyList<Alteration> All { get; } =
    [
        .. ChoiceAlterations.All,
        .. MemberAlterations.All,
        .. ValueAlterations.All,
        .. TokenAlterations.All,
        .. StreamAlterations.All,
        .. StreamTextAlterations.All,
        .. BundleAlterations.All,
        .. RequestAlterations.All,
    ];
}
