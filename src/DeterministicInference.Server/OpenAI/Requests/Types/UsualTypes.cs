namespace DeterministicInference.Server.OpenAI.Requests.Types;

/// <summary>Types of many fields.</summary>
internal static class UsualTypes
{
    public static readonly AnyType Any = new();
    public static readonly TextType Text = new();
    public static readonly BooleanType Flag = new();
    public static readonly IntegerType Integer = new();
    public static readonly IntegerType Count = new(0, int.MaxValue);
    public static readonly NumberType Number = new();
    public static readonly ObjectType AnyObject = new();
    public static readonly ArrayType AnyArray = new(Any);
    public static readonly ArrayType Texts = new(Text);
    public static readonly ArrayType TokenIds = new(Count);
    public static readonly EitherType TextOrTexts = new("a string or an array of strings")
    {
        Text = Text,
        Array = Texts,
    };
    public static readonly EitherType TextOrObject = new("a string or an object") { Text = Text, Object = AnyObject };
    public static readonly EitherType FlagOrText = new("a boolean") { Boolean = Flag, Text = Text };
}
