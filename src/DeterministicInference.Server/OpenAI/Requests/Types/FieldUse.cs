using System.Text;

namespace DeterministicInference.Server.OpenAI.Requests.Types;

/// <summary>A field of a request with a value that has an effect.</summary>
/// <param name="Field">The row of the table.</param>
/// <param name="Top">The row of the enclosing top-level member, or the field's own.</param>
/// <param name="Indices">Indices of the enclosing arrays, from the outermost.</param>
internal readonly record struct FieldUse(Field Field, Field Top, int[] Indices)
{
    /// <summary>Path of its first occurrence, for example <c>messages[2].name</c>; built on demand.</summary>
    public string Path
    {
        get
        {
            if (Indices.Length == 0)
                return Field.Path;
            var path = new StringBuilder();
            string[] pieces = Field.Path.Split("[]");
            for (int i = 0; i < Indices.Length; i++)
                path.Append(pieces[i]).Append('[').Append(Indices[i]).Append(']');
            return path.Append(pieces[Indices.Length]).ToString();
        }
    }
}
