namespace DeterministicInference.Server.Configuration;

/// <summary>Settings that help shows under one title.</summary>
internal sealed record SettingGroup(string Title, IReadOnlyList<Setting> Settings);
