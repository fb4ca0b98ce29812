//! The calculators of paid advertising, one table: funnel, return, targets, ceilings and break-even points.
//!
//! Formulas are identities of the trade; the names and defaults of those that MetricKit has are its own (its public pages and
//! published formulas, read 2026-11-22), and so are the numbers, except where it shows zero for what is not defined, clamps a
//! negative contribution margin, or divides by a profit that the cost has already been taken from.
#![expect(
    clippy::indexing_slicing,
    clippy::inline_always,
    reason = "every slice is cut to the rows of the output first, and what is not inlined is not compiled for the vectors"
)]

use super::Rule::{Count, Finite, Inside, NonNegative, Positive, Rate};
use super::calculator::Absent::{Refused, Undefined, Value};
use super::calculator::{Argument, Calculator, Given, Need, UNLESS_ZERO};
use super::math::{exp, expm1, ln, ln_or_log1p, ratio};
use super::vector::vectorised;

/// A calculator from its formulas: each output names what it is made from, and becomes one loop over the rows.
macro_rules! calculators {
    ($(
        $(#[$doc:meta])*
        $constant:ident $name:literal |$given:ident| ($($argument:ident $rule:expr, $absent:expr;)+)
        $(where $small:ident <= $large:ident $(or $unless:ident)?)?
        { $($output:ident $(as $label:literal)? [$($from:ident)+] = $value:expr;)+ }
    )+) => {
        $(
            $(#[$doc])*
            pub static $constant: Calculator = {
                const ARGUMENTS: &[Argument] = &[$(Argument {
                    name: stringify!($argument),
                    rule: $rule,
                    absent: $absent,
                }),+];
                #[inline(always)]
                fn loops($given: Given, inputs: &[&[f64]], outputs: &mut [&mut [f64]]) {
                    let &[$($argument),+] = inputs else { return };
                    let [$($output),+] = outputs else { return };
                    let mut places = 0..;
                    $(if places.next().is_some_and(|place| $given.wants(place)) {
                        #[inline(always)]
                        fn step($given: Given, output: &mut [f64], $($from: &[f64]),+) {
                            let _ = $given;
                            let rows = output.len();
                            $(let $from = &$from[..rows];)+
                            for row in 0..rows {
                                $(let $from = $from[row];)+
                                output[row] = $value;
                            }
                        }
                        step($given, $output, $($from),+);
                    })+
                }
                Calculator {
                    name: $name,
                    arguments: ARGUMENTS,
                    at_most: &[$((place(ARGUMENTS, stringify!($small)), place(ARGUMENTS, stringify!($large)) $(+ $unless)?))?],
                    outputs: &[$(label!($output $($label)?)),+],
                    kernel: |given, inputs, outputs| vectorised(#[inline(always)] || loops(given, inputs, outputs)),
                }
            };
        )+

        /// All of them.
        pub(super) static ALL: &[Calculator] = &[$($constant),+];

        /// What each output is made from, by calculator: none needs the others.
        pub(super) static NEEDS: &[(&str, &[Need])] = &[$(
            ($name, &[$((stringify!($output), &[$(stringify!($from)),+], asks(stringify!($value)))),+])
        ),+];
    };
}

/// An output's name: its own, or another where an argument has it too.
macro_rules! label {
    ($output:ident) => {
        stringify!($output)
    };
    ($output:ident $label:literal) => {
        $label
    };
}

/// Whether a formula asks which arguments were given: then it may be defined without one.
const fn asks(formula: &str) -> bool {
    const WORD: &[u8] = b"given";
    let text = formula.as_bytes();
    let mut start = 0;
    while start + WORD.len() <= text.len() {
        let mut same = 0;
        while same < WORD.len() && text[start + same] == WORD[same] {
            same += 1;
        }
        if same == WORD.len() {
            return true;
        }
        start += 1;
    }
    false
}

/// The place of an argument; one that is missing ends the table's evaluation at compile time.
#[expect(clippy::panic, reason = "at compile time")]
const fn place(arguments: &[Argument], name: &str) -> usize {
    let mut at = 0;
    while at < arguments.len() {
        let (a, b) = (arguments[at].name.as_bytes(), name.as_bytes());
        let mut same = a.len() == b.len();
        let mut byte = 0;
        while same && byte < a.len() {
            same = a[byte] == b[byte];
            byte += 1;
        }
        if same {
            return at;
        }
        at += 1;
    }
    panic!("no such argument")
}

/// A value where a condition holds, and nowhere else.
#[inline(always)]
fn only(condition: bool, value: f64) -> f64 {
    if condition { value } else { f64::NAN }
}

/// The smaller of two, where `NaN` on either side is `NaN`.
#[inline(always)]
fn least(a: f64, b: f64) -> f64 {
    let smaller = if a < b { a } else { b };
    if a.is_nan() { a } else { smaller }
}

calculators! {
    /// From a thousand impressions to profit.
    FUNNEL "funnel" |_given| (
        cpm NonNegative, Refused;
        ctr Rate, Refused;
        cvr Rate, Refused;
        aov NonNegative, Refused;
        gross_margin Rate, Value(1.0);
        payment_fees Rate, Value(0.0);
        shipping Rate, Value(0.0);
        returns Rate, Value(0.0);
    ) {
        clicks_per_mille [ctr] = 1000.0 * ctr;
        conversions_per_mille [clicks_per_mille cvr] = clicks_per_mille * cvr;
        revenue_per_mille [conversions_per_mille aov] = conversions_per_mille * aov;
        contribution_margin [gross_margin payment_fees shipping returns] = gross_margin - payment_fees - shipping - returns;
        contribution_per_mille [revenue_per_mille contribution_margin] = revenue_per_mille * contribution_margin;
        profit_per_mille [contribution_per_mille cpm] = contribution_per_mille - cpm;
        cpc [cpm clicks_per_mille] = ratio(cpm, clicks_per_mille);
        cpa [cpm conversions_per_mille] = ratio(cpm, conversions_per_mille);
        roas [revenue_per_mille cpm] = ratio(revenue_per_mille, cpm);
        break_even_roas [contribution_margin] = only(contribution_margin > 0.0, 1.0 / contribution_margin);
        break_even_cpa [contribution_margin aov] = only(contribution_margin > 0.0, aov * contribution_margin);
        profit_per_order [contribution_margin aov] = aov * contribution_margin;
        break_even_cpm [contribution_margin contribution_per_mille] = only(contribution_margin > 0.0, contribution_per_mille);
        break_even_ctr [cpm cvr break_even_cpa] = ratio(cpm, 1000.0 * cvr * break_even_cpa);
        break_even_cvr [cpm clicks_per_mille break_even_cpa] = ratio(cpm, clicks_per_mille * break_even_cpa);
        break_even_aov [cpm conversions_per_mille contribution_margin] =
            only(contribution_margin > 0.0, ratio(cpm, conversions_per_mille * contribution_margin));
    }

    /// Return on a cost over so many months.
    ROI "roi" |_given| (
        revenue Finite, Refused;
        cost NonNegative, Refused;
        months Positive, Value(12.0);
    ) {
        profit [revenue cost] = revenue - cost;
        roi [profit cost] = ratio(profit, cost);
        // Near a total loss the return has lost the digits of what is left.
        annualized_roi [roi revenue cost months] =
            expm1(ln_or_log1p(roi < -0.5, ratio(revenue, cost), roi) * (12.0 / months));
        multiple [revenue cost] = ratio(revenue, cost);
        profit_margin [profit revenue] = ratio(profit, revenue);
        break_even_revenue [cost] = cost;
        monthly_profit [profit months] = profit / months;
        payback_months_after_cost [cost monthly_profit] = only(monthly_profit > 0.0, cost / monthly_profit);
        payback_months [cost months revenue] = only(revenue > 0.0, cost * months / revenue);
    }

    /// The best spend on a power curve through one point.
    MARGINAL_ROAS "marginal_roas" |given| (
        spend NonNegative, Refused;
        revenue NonNegative, Refused;
        margin Rate, Value(1.0);
        exponent Inside, Value(0.75);
        cap NonNegative, Undefined;
    ) {
        coefficient [spend revenue exponent] = only(spend > 0.0, exp(ln(revenue) - exponent * ln(spend)));
        current_roas [revenue spend] = ratio(revenue, spend);
        current_profit [margin revenue spend] = margin * revenue - spend;
        marginal_roas_current [exponent current_roas] = exponent * current_roas;
        marginal_profit_current [margin marginal_roas_current] = margin * marginal_roas_current - 1.0;
        // With s = S (m b R / S)^(1 / (1 - b)), in logarithms: no power, and no overflow on the way.
        optimal_spend_uncapped [spend margin marginal_roas_current exponent] =
            spend * exp(ln(margin * marginal_roas_current) / (1.0 - exponent));
        optimal_spend [optimal_spend_uncapped cap] =
            if given.has(4) { least(optimal_spend_uncapped, cap) } else { optimal_spend_uncapped };
        optimal_revenue [optimal_spend optimal_spend_uncapped margin exponent revenue spend] = {
            // At the uncapped optimum the marginal return is 1 / m, so that R = s / (m b).
            let free = optimal_spend / (margin * exponent);
            let capped = if given.has(4) { revenue * exp(exponent * ln(optimal_spend / spend)) } else { 0.0 };
            let value = if optimal_spend < optimal_spend_uncapped { capped } else { free };
            if optimal_spend == 0.0 { 0.0 } else { value }
        };
        optimal_profit [margin optimal_revenue optimal_spend] = margin * optimal_revenue - optimal_spend;
        optimal_roas [optimal_revenue optimal_spend] = ratio(optimal_revenue, optimal_spend);
        marginal_roas_optimal [exponent optimal_roas] = exponent * optimal_roas;
        marginal_profit_optimal [margin marginal_roas_optimal] = margin * marginal_roas_optimal - 1.0;
        spend_gap [optimal_spend spend] = optimal_spend - spend;
        profit_delta [optimal_profit current_profit] = optimal_profit - current_profit;
    }

    /// What a customer may cost, by the strictest of the rules that are given.
    TARGET_CPA "target_cpa" |given| (
        ltv NonNegative, Refused;
        margin Rate, Value(1.0);
        buffer Rate, Undefined;
        max_share Rate, Undefined;
        ltv_to_cac Positive, Undefined;
        payback_cpa NonNegative, Undefined;
        share_incremental Rate, Undefined;
    ) {
        gross_profit_ltv [ltv margin] = ltv * margin;
        break_even_cpa [gross_profit_ltv] = gross_profit_ltv;
        target_by_buffer [gross_profit_ltv buffer] = gross_profit_ltv * (1.0 - buffer);
        target_by_share [gross_profit_ltv max_share] = gross_profit_ltv * max_share;
        target_by_ratio [gross_profit_ltv ltv_to_cac] = gross_profit_ltv / ltv_to_cac;
        target_by_payback [payback_cpa] = payback_cpa;
        target_cpa [break_even_cpa target_by_buffer target_by_share target_by_ratio target_by_payback] = {
            let target = break_even_cpa;
            let target = if given.has(2) { least(target, target_by_buffer) } else { target };
            let target = if given.has(3) { least(target, target_by_share) } else { target };
            let target = if given.has(4) { least(target, target_by_ratio) } else { target };
            if given.has(5) { least(target, target_by_payback) } else { target }
        };
        incrementality_adjusted_target [target_cpa share_incremental] = target_cpa * share_incremental;
    }

    /// Return on ad spend, and the profit behind it.
    ROAS "roas" |_given| (
        revenue NonNegative, Refused;
        spend NonNegative, Refused;
        gross_margin Rate, Value(1.0);
        payment_fees Rate, Value(0.0);
        shipping Rate, Value(0.0);
        returns Rate, Value(0.0);
        target_profit Rate, Value(0.0);
    ) {
        roas [revenue spend] = ratio(revenue, spend);
        contribution_margin [gross_margin payment_fees shipping returns] = gross_margin - payment_fees - shipping - returns;
        profit [revenue contribution_margin spend] = revenue * contribution_margin - spend;
        profit_margin [profit revenue] = ratio(profit, revenue);
        profit_per_dollar [profit spend] = ratio(profit, spend);
        break_even_roas [contribution_margin] = only(contribution_margin > 0.0, 1.0 / contribution_margin);
        break_even_revenue [contribution_margin spend] = only(contribution_margin > 0.0, spend / contribution_margin);
        required_revenue [contribution_margin spend target_profit] =
            only(contribution_margin > target_profit, spend / (contribution_margin - target_profit));
    }

    /// Marketing efficiency: all revenue over all spend.
    MER "mer" |_given| (
        revenue NonNegative, Refused;
        spend NonNegative, Refused;
        margin Rate, Value(1.0);
        buffer Rate, Value(0.0);
        target_mer Positive, Undefined;
        target_profit Finite, Value(0.0);
    ) {
        mer [revenue spend] = ratio(revenue, spend);
        spend_share [spend revenue] = ratio(spend, revenue);
        gross_profit [revenue margin] = revenue * margin;
        profit [gross_profit spend] = gross_profit - spend;
        profit_margin [profit revenue] = ratio(profit, revenue);
        break_even_mer [margin] = ratio(1.0, margin);
        break_even_revenue [spend margin] = ratio(spend, margin);
        revenue_shortfall [break_even_revenue revenue] = break_even_revenue - revenue;
        buffered as "target_mer" [margin buffer] = ratio(1.0, margin * (1.0 - buffer));
        required_revenue [target_profit spend margin] = ratio(target_profit + spend, margin);
        required_mer [required_revenue spend] = ratio(required_revenue, spend);
        max_spend_at_target_mer [revenue target_mer] = revenue / target_mer;
    }

    /// The return that ads have to reach.
    TARGET_ROAS "target_roas" |_given| (
        gross_margin Rate, Refused;
        payment_fees Rate, Value(0.0);
        shipping Rate, Value(0.0);
        returns Rate, Value(0.0);
        fixed_cost_share Rate, Value(0.0);
        profit_share Rate, Value(0.0);
        aov NonNegative, Undefined;
        cvr Rate, Undefined;
    ) {
        contribution_margin [gross_margin payment_fees shipping returns] = gross_margin - payment_fees - shipping - returns;
        ad_share [contribution_margin fixed_cost_share profit_share] = contribution_margin - fixed_cost_share - profit_share;
        target_roas [ad_share] = only(ad_share > 0.0, 1.0 / ad_share);
        max_cpa [ad_share aov] = only(ad_share > 0.0, aov * ad_share);
        max_cpc [max_cpa cvr] = max_cpa * cvr;
    }

    /// The return at which nothing is won or lost.
    BREAK_EVEN_ROAS "break_even_roas" |_given| (
        gross_margin Rate, Refused;
        payment_fees Rate, Value(0.0);
        shipping Rate, Value(0.0);
        returns Rate, Value(0.0);
        aov NonNegative, Undefined;
        cvr Rate, Undefined;
    ) {
        contribution_margin [gross_margin payment_fees shipping returns] = gross_margin - payment_fees - shipping - returns;
        break_even_roas [contribution_margin] = only(contribution_margin > 0.0, 1.0 / contribution_margin);
        break_even_cpa [contribution_margin aov] = only(contribution_margin > 0.0, aov * contribution_margin);
        break_even_cpc [break_even_cpa cvr] = break_even_cpa * cvr;
    }

    /// What a click may cost.
    MAX_CPC "max_cpc" |_given| (
        aov NonNegative, Refused;
        margin Rate, Refused;
        cvr Rate, Refused;
        buffer Rate, Value(0.0);
        ctr Rate, Undefined;
        lead_to_customer Rate, Undefined;
    ) {
        break_even_cpa [aov margin] = aov * margin;
        target_cpa [break_even_cpa buffer] = break_even_cpa * (1.0 - buffer);
        break_even_cpc [break_even_cpa cvr] = break_even_cpa * cvr;
        target_cpc [target_cpa cvr] = target_cpa * cvr;
        break_even_cpm [break_even_cpc ctr] = 1000.0 * break_even_cpc * ctr;
        target_cpm [target_cpc ctr] = 1000.0 * target_cpc * ctr;
        break_even_cpl [break_even_cpa lead_to_customer] = break_even_cpa * lead_to_customer;
        target_cpl [target_cpa lead_to_customer] = target_cpa * lead_to_customer;
    }

    /// What a thousand impressions may cost.
    BREAK_EVEN_CPM "break_even_cpm" |_given| (
        ctr Rate, Refused;
        cvr Rate, Refused;
        aov NonNegative, Refused;
        margin Rate, Refused;
        buffer Rate, Value(0.0);
    ) {
        conversions_per_mille [ctr cvr] = 1000.0 * ctr * cvr;
        contribution_per_conversion [aov margin] = aov * margin;
        break_even_cpm [conversions_per_mille contribution_per_conversion] = conversions_per_mille * contribution_per_conversion;
        target_cpm [break_even_cpm buffer] = break_even_cpm * (1.0 - buffer);
        break_even_cpc [contribution_per_conversion cvr] = contribution_per_conversion * cvr;
        target_cpc [break_even_cpc buffer] = break_even_cpc * (1.0 - buffer);
        break_even_cpa [contribution_per_conversion] = contribution_per_conversion;
        target_cpa [break_even_cpa buffer] = break_even_cpa * (1.0 - buffer);
    }

    /// The click rate at which nothing is won or lost.
    BREAK_EVEN_CTR "break_even_ctr" |_given| (
        cpm NonNegative, Refused;
        cvr Rate, Refused;
        aov NonNegative, Refused;
        margin Rate, Refused;
        buffer Rate, Value(0.0);
        current_ctr Rate, Undefined;
    ) {
        break_even_cpc [aov margin cvr] = aov * margin * cvr;
        target_cpc [break_even_cpc buffer] = break_even_cpc * (1.0 - buffer);
        break_even_ctr [cpm break_even_cpc] = ratio(cpm, 1000.0 * break_even_cpc);
        target_ctr [break_even_ctr buffer] = ratio(break_even_ctr, 1.0 - buffer);
        current_roas [cpm current_ctr cvr aov] = ratio(1000.0 * current_ctr * cvr * aov, cpm);
        current_profit_per_mille [cpm current_ctr break_even_cpc] = 1000.0 * current_ctr * break_even_cpc - cpm;
    }

    /// The conversion rate at which nothing is won or lost.
    BREAK_EVEN_CVR "break_even_cvr" |_given| (
        cpm NonNegative, Refused;
        ctr Rate, Refused;
        aov NonNegative, Refused;
        margin Rate, Refused;
        buffer Rate, Value(0.0);
        current_cvr Rate, Undefined;
    ) {
        cpc [cpm ctr] = ratio(cpm, 1000.0 * ctr);
        break_even_cpa [aov margin] = aov * margin;
        target_cpa [break_even_cpa buffer] = break_even_cpa * (1.0 - buffer);
        break_even_cvr [cpc break_even_cpa] = ratio(cpc, break_even_cpa);
        target_cvr [break_even_cvr buffer] = ratio(break_even_cvr, 1.0 - buffer);
        current_roas [cpm ctr current_cvr aov] = ratio(1000.0 * ctr * current_cvr * aov, cpm);
        break_even_cpm_at_current [ctr current_cvr break_even_cpa] = 1000.0 * ctr * current_cvr * break_even_cpa;
        current_profit_per_mille [break_even_cpm_at_current cpm] = break_even_cpm_at_current - cpm;
    }

    /// From clicks to conversions.
    CLICK_CVR "click_cvr" |_given| (
        clicks Count, Refused;
        conversions NonNegative, Refused;
        target_conversions NonNegative, Undefined;
        spend NonNegative, Undefined;
        revenue NonNegative, Undefined;
    ) where conversions <= clicks {
        cvr [conversions clicks] = ratio(conversions, clicks);
        clicks_per_conversion [clicks conversions] = ratio(clicks, conversions);
        required_clicks [target_conversions cvr] = ratio(target_conversions, cvr);
        cpc [spend clicks] = ratio(spend, clicks);
        cpa [spend conversions] = ratio(spend, conversions);
        roas [revenue spend] = ratio(revenue, spend);
    }

    /// From a lead's cost to a customer's.
    CPL_TO_CAC "cpl_to_cac" |_given| (
        cpl NonNegative, Refused;
        lead_to_customer Rate, Refused;
        target_cac NonNegative, Undefined;
        sales_cost_per_lead NonNegative, Value(0.0);
    ) {
        cac [cpl lead_to_customer] = ratio(cpl, lead_to_customer);
        all_in_cpl [cpl sales_cost_per_lead] = cpl + sales_cost_per_lead;
        all_in_cac [all_in_cpl lead_to_customer] = ratio(all_in_cpl, lead_to_customer);
        required_rate [cpl target_cac] = ratio(cpl, target_cac);
    }

    /// What a new customer has cost.
    CAC "cac" |_given| (
        spend NonNegative, Refused;
        new_customers Count, Refused;
        arpa NonNegative, Undefined;
        gross_margin Rate, Value(1.0);
        target_payback_months NonNegative, Undefined;
    ) {
        cac [spend new_customers] = ratio(spend, new_customers);
        gross_profit_month [arpa gross_margin] = arpa * gross_margin;
        payback_months [cac gross_profit_month] = ratio(cac, gross_profit_month);
        cac_to_annual_gross_profit [cac gross_profit_month] = ratio(cac, 12.0 * gross_profit_month);
        max_cac [gross_profit_month target_payback_months] = gross_profit_month * target_payback_months;
        required_arpa [cac gross_margin target_payback_months] = ratio(cac, gross_margin * target_payback_months);
    }

    /// What a new customer has cost with everything that was spent.
    BLENDED_CAC "blended_cac" |_given| (
        variable_spend NonNegative, Refused;
        fixed_spend NonNegative, Refused;
        new_customers Count, Refused;
        arpa NonNegative, Undefined;
        gross_margin Rate, Value(1.0);
    ) {
        paid_cac [variable_spend new_customers] = ratio(variable_spend, new_customers);
        blended_cac [variable_spend fixed_spend new_customers] = ratio(variable_spend + fixed_spend, new_customers);
        payback_months [blended_cac arpa gross_margin] = ratio(blended_cac, arpa * gross_margin);
        fixed_share [variable_spend fixed_spend] = ratio(fixed_spend, variable_spend + fixed_spend);
    }

    /// Lifetime value against what it cost.
    LTV_TO_CAC "ltv_to_cac" |_given| (
        cac NonNegative, Refused;
        arpa NonNegative, Refused;
        gross_margin Rate, Value(1.0);
        churn Rate, Refused;
        target_ratio Positive, Undefined;
    ) {
        // Nobody leaves: without a horizon that is worth without end, and said so.
        ltv [arpa gross_margin churn] = arpa * gross_margin / churn;
        times_cac as "ratio" [ltv cac] = ratio(ltv, cac);
        payback_months [cac arpa gross_margin] = ratio(cac, arpa * gross_margin);
        max_cac [ltv target_ratio] = ltv / target_ratio;
    }

    /// Cost per thousand impressions.
    CPM "cpm" |_given| (spend NonNegative, Refused; impressions Count, Refused;) {
        cpm [spend impressions] = ratio(1000.0 * spend, impressions);
    }

    /// Cost per click.
    CPC "cpc" |_given| (spend NonNegative, Refused; clicks Count, Refused;) {
        cpc [spend clicks] = ratio(spend, clicks);
    }

    /// Clicks per impression. Without impressions it is not defined, whatever the clicks.
    CTR "ctr" |_given| (clicks Count, Refused; impressions Count, Refused;) where clicks <= impressions or UNLESS_ZERO {
        ctr [clicks impressions] = ratio(clicks, impressions);
    }

    /// Cost per conversion.
    CPA "cpa" |_given| (spend NonNegative, Refused; conversions NonNegative, Refused;) {
        cpa [spend conversions] = ratio(spend, conversions);
    }
}
