from chartgen.spec import Category, Market, Text

market = Market(
    source_id="chartgen-example",
    title="chartgen example market",
    # Set this to the address that serves your catalog before you publish.
    public_url="https://market.example.org",
    categories=(
        Category(name="AI", slug="ai", title=Text("AI", "人工智能"), icon="sym_r_robot_2"),
    ),
    featured=("vllmgemma426ba4bvisionone",),
    hottest=("vllmgemma426ba4bvisionone",),
)
