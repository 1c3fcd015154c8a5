namespace DeterministicInference.ModelTools.Data.Tables;

/// <summary>Small facts as pairs of what is asked and what is answered.</summary>
internal static class FactTables
{
    public static readonly (string Item, string Value)[] Colors = Pairs(
        "the sky=blue;grass=green;a banana=yellow;snow=white;blood=red;coal=black;the sun=yellow;"
            + "a lemon=yellow;a strawberry=red;milk=white;an orange=orange;a leaf=green;chocolate=brown;"
            + "a carrot=orange;a tomato=red;a frog=green;the sea=blue;a cherry=red;wood=brown;the night=black;"
            + "a cloud=white;an elephant=gray;a mouse=gray;a crow=black;a swan=white;a flamingo=pink;"
            + "a cucumber=green;salt=white;fire=red;coffee=brown;a pumpkin=orange;a violet=purple;an apple=red;"
            + "gold=yellow;silver=gray;a pig=pink;a bear=brown"
    );

    public static readonly (string Item, string Value)[] Sounds = Pairs(
        "cow=moo;cat=meow;dog=woof;duck=quack;sheep=baa;pig=oink;horse=neigh;rooster=cock-a-doodle-doo;"
            + "hen=cluck;bee=buzz;snake=hiss;frog=ribbit;owl=hoot;mouse=squeak;lion=roar;bird=tweet;crow=caw;"
            + "wolf=howl;donkey=hee-haw;goat=maa;goose=honk;bear=growl;chick=cheep;tiger=roar;kitten=meow;"
            + "puppy=woof;lamb=baa;turkey=gobble;fox=yip;monkey=ooh-ooh"
    );

    /// <summary>Used in both directions.</summary>
    public static readonly (string Item, string Value)[] Opposites = Pairs(
        "hot=cold;big=small;up=down;left=right;old=young;day=night;black=white;yes=no;open=closed;"
            + "fast=slow;happy=sad;good=bad;rich=poor;full=empty;high=low;long=short;light=dark;wet=dry;"
            + "strong=weak;early=late;near=far;hard=soft;loud=quiet;clean=dirty;true=false;first=last;in=out;"
            + "on=off;begin=end;love=hate;win=lose;buy=sell;push=pull;heavy=weightless;thick=thin;sweet=sour;"
            + "war=peace;friend=enemy;above=below;inside=outside;always=never;summer=winter;north=south;"
            + "east=west;more=less;start=stop;give=take;awake=asleep;alive=dead;rough=smooth;brave=afraid;"
            + "question=answer;wide=narrow;deep=shallow;safe=dangerous;easy=difficult;hello=goodbye;before=after;"
            + "man=woman;boy=girl;king=queen;come=go;warm=cool;sunrise=sunset;friendly=unfriendly;"
            + "possible=impossible"
    );

    public static readonly (string Item, string Value)[] Capitals = Pairs(
        "France=Paris;Germany=Berlin;England=London;Italy=Rome;Spain=Madrid;Portugal=Lisbon;Austria=Vienna;"
            + "Greece=Athens;Poland=Warsaw;Russia=Moscow;China=Beijing;Japan=Tokyo;India=New Delhi;Egypt=Cairo;"
            + "Canada=Ottawa;the United States=Washington;Sweden=Stockholm;Norway=Oslo;Denmark=Copenhagen;"
            + "Finland=Helsinki;Ireland=Dublin;Turkey=Ankara;Brazil=Brasilia;Mexico=Mexico City;"
            + "Australia=Canberra;Hungary=Budapest;Belgium=Brussels;the Netherlands=Amsterdam;Switzerland=Bern;"
            + "Ukraine=Kyiv;the UK=London;the USA=Washington"
    );

    public static readonly (string Item, string Value)[] Babies = Pairs(
        "cat=kitten;dog=puppy;cow=calf;sheep=lamb;horse=foal;pig=piglet;hen=chick;duck=duckling;goat=kid;"
            + "bear=cub;lion=cub;frog=tadpole;deer=fawn;goose=gosling;kangaroo=joey;wolf=cub;tiger=cub;fox=cub;"
            + "swan=cygnet;whale=calf;elephant=calf"
    );

    public static readonly (string Item, string Value)[] Legs = Pairs(
        "dog=4;cat=4;horse=4;cow=4;bird=2;spider=8;ant=6;bee=6;snake=0;fish=0;human=2;elephant=4;chicken=2;"
            + "butterfly=6;octopus=8;sheep=4;pig=4;mouse=4;duck=2;fly=6;frog=4;lion=4;worm=0;person=2;chair=4;"
            + "table=4"
    );

    public static readonly (string Item, string Value)[] Sides = Pairs(
        "triangle=3;square=4;rectangle=4;pentagon=5;hexagon=6;octagon=8;cube=6"
    );

    /// <summary>What is in what: item "days in a week" has the answer "A week has 7 days."</summary>
    public static readonly (string Item, string Value)[] Amounts = Pairs(
        "days in a week=A week has 7 days.;months in a year=A year has 12 months.;"
            + "hours in a day=A day has 24 hours.;minutes in an hour=An hour has 60 minutes.;"
            + "seconds in a minute=A minute has 60 seconds.;days in a year=A year has 365 days.;"
            + "weeks in a year=A year has 52 weeks.;seasons in a year=A year has 4 seasons.;"
            + "letters in the alphabet=The alphabet has 26 letters.;years in a century=A century has 100 years.;"
            + "years in a decade=A decade has 10 years.;cents in a dollar=A dollar has 100 cents.;"
            + "meters in a kilometer=A kilometer has 1000 meters.;"
            + "centimeters in a meter=A meter has 100 centimeters.;eggs in a dozen=A dozen has 12 eggs.;"
            + "fingers on a hand=A hand has 5 fingers.;toes on a foot=A foot has 5 toes.;"
            + "wheels on a car=A car has 4 wheels.;wheels on a bicycle=A bicycle has 2 wheels.;"
            + "days in January=January has 31 days.;days in February=February has 28 days.;"
            + "days in April=April has 30 days.;days in June=June has 30 days.;"
            + "days in December=December has 31 days.;bits in a byte=A byte has 8 bits.;"
            + "grams in a kilogram=A kilogram has 1000 grams.;"
            + "planets in the solar system=The solar system has 8 planets.;"
            + "continents on earth=The earth has 7 continents.;strings on a guitar=A guitar has 6 strings.;"
            + "players in a football team=A football team has 11 players."
    );

    public static readonly (string Item, string Value)[] IrregularPlurals = Pairs(
        "mouse=mice;child=children;foot=feet;tooth=teeth;man=men;woman=women;goose=geese;sheep=sheep;"
            + "fish=fish;person=people;leaf=leaves;knife=knives;wolf=wolves;baby=babies;city=cities;"
            + "story=stories;box=boxes;bus=buses;key=keys;day=days;toy=toys;boy=boys"
    );

    public static readonly string[] Days =
    [
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ];

    public static readonly string[] Months =
    [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];

    /// <summary>From small to large.</summary>
    public static readonly string[] BySize =
    [
        "a grain of sand",
        "an ant",
        "a bee",
        "a coin",
        "a mouse",
        "an apple",
        "a bird",
        "a cat",
        "a dog",
        "a sheep",
        "a child",
        "a lion",
        "a cow",
        "a horse",
        "a car",
        "an elephant",
        "a bus",
        "a house",
        "a whale",
        "a castle",
        "a mountain",
        "the moon",
        "the earth",
        "the sun",
    ];

    /// <summary>Nouns whose plural takes a plain s.</summary>
    public static readonly string[] RegularNouns =
    [
        "cat",
        "dog",
        "house",
        "car",
        "tree",
        "book",
        "star",
        "apple",
        "bird",
        "table",
        "chair",
        "friend",
        "river",
        "cloud",
        "king",
        "robot",
        "server",
        "token",
        "model",
        "letter",
        "door",
        "window",
        "garden",
        "ship",
        "train",
        "cup",
        "spoon",
        "lamp",
        "hat",
        "shoe",
        "cow",
        "horse",
        "duck",
        "bear",
        "lion",
        "tiger",
        "flower",
        "road",
        "street",
        "school",
        "teacher",
        "doctor",
        "song",
        "game",
        "hand",
        "arm",
        "eye",
        "ear",
        "nose",
        "egg",
        "nut",
        "cake",
        "ball",
        "plane",
    ];

    public static readonly Topic[] Topics =
    [
        new(
            "Monday, Tuesday, Wednesday, Thursday, Friday, Saturday and Sunday.",
            "(name|list|say|tell me|give me|what are) the days of the week",
            "what are the (seven days|days of the week|weekdays)?",
            "days of the week?",
            "which days does a week have?",
            "which days are there?"
        ),
        new(
            "Spring, summer, autumn and winter.",
            "(name|list|say|tell me) the (four |)seasons",
            "what are the (four |)seasons?",
            "which seasons are there?",
            "seasons?"
        ),
        new(
            "January, February, March, April, May, June, July, August, September, October, November, December.",
            "(name|list|say|tell me|give me) the months( of the year|)",
            "what are the (twelve months|months|months of the year)?",
            "which months are there?",
            "months of the year?"
        ),
        new(
            "a b c d e f g h i j k l m n o p q r s t u v w x y z",
            "(say|recite|write|tell me|give me|list) the (alphabet|ABC)",
            "what is the alphabet?",
            "(say|list) (all |)the letters( of the alphabet|)",
            "the alphabet",
            "do you know the (alphabet|ABC)?"
        ),
        new(
            "The vowels are a, e, i, o and u.",
            "what are the vowels?",
            "(name|list|say) the vowels",
            "which letters are vowels?",
            "vowels?"
        ),
        new(
            "Red, yellow and blue.",
            "what are the primary colors?",
            "(name|list|tell me) (the |)(three |)primary (colors|colours)",
            "what are the three primary (colors|colours)?"
        ),
        new(
            "Red, orange, yellow, green, blue and purple.",
            "what are the (colors|colours) of the rainbow?",
            "(name|list|tell me) (the rainbow colors|some colors|some colours|the colors of the rainbow)",
            "(which|what) colors (are there|do you know|does a rainbow have)?",
            "name a few colors"
        ),
        new(
            "The first day of the week is Monday.",
            "what is the first day of the week?",
            "(which|what) day is the first( day|) of the week?",
            "with which day does the week start?",
            "when does the week (start|begin)?"
        ),
        new(
            "The last day of the week is Sunday.",
            "what is the last day of the week?",
            "(which|what) day is the last( day|) of the week?",
            "with which day does the week end?"
        ),
        new(
            "The first month of the year is January.",
            "what is the first month of the year?",
            "what is the first month?",
            "(which|what) month is the first( month|) of the year?",
            "with which month does the year start?"
        ),
        new(
            "The last month of the year is December.",
            "what is the last month of the year?",
            "what is the last month?",
            "(which|what) month is the last( month|) of the year?",
            "with which month does the year end?"
        ),
        new(
            "The sun rises in the east.",
            "where does the sun rise?",
            "in which direction does the sun rise?",
            "where does the sun come up?"
        ),
        new(
            "The sun sets in the west.",
            "where does the sun set?",
            "in which direction does the sun set?",
            "where does the sun go down?"
        ),
        new(
            "The first letter of the alphabet is a.",
            "what is the first letter of the alphabet?",
            "(which|what) letter is the first in the alphabet?",
            "(tell me|name) the first letter of the alphabet"
        ),
        new(
            "The last letter of the alphabet is z.",
            "what is the last letter of the alphabet?",
            "(which|what) letter is the last in the alphabet?",
            "(tell me|name) the last letter of the alphabet"
        ),
        new(
            "Water freezes at 0 degrees Celsius.",
            "when does water freeze?",
            "at (which|what) temperature does water (freeze|turn to ice)?",
            "what is the freezing point of water?"
        ),
        new(
            "Water boils at 100 degrees Celsius.",
            "when does water boil?",
            "at (which|what) temperature does water boil?",
            "how hot is boiling water?"
        ),
        new(
            "The earth.",
            "(which|what) planet do we live on?",
            "on (which|what) planet do we live?",
            "what is our planet called?",
            "what is the name of our planet?"
        ),
    ];

    private static (string Item, string Value)[] Pairs(string text) =>
        [.. text.Split(';').Select(pair => (pair[..pair.IndexOf('=')], pair[(pair.IndexOf('=') + 1)..]))];
}
